// Compensated sums, as Prometheus makes them: the same steps, so the same bits.
#pragma once

#include <cmath>

namespace hearth::promql {

// `sum` and what it lost.
struct KahanSum {
  double sum = 0;
  double lost = 0;

  void add(double value) {
    const double total = sum + value;
    if (std::isinf(total)) {
      lost = 0;
    } else if (std::fabs(sum) >= std::fabs(value)) {
      lost += (sum - total) + value;
    } else {
      lost += (value - total) + sum;
    }
    sum = total;
  }
  void merge(const KahanSum& other) {
    add(other.sum);
    lost += other.lost;
  }
  double total() const { return std::isinf(sum) ? sum : sum + lost; }
};

// The mean of a growing set: from the sum, until that overflows; from then on kept as a mean.
class KahanMean {
 public:
  explicit KahanMean(double first) : kept_{first, 0} {}
  void add(double value) {
    ++count_;
    if (!incremental_) {
      KahanSum next = kept_;
      next.add(value);
      if (!std::isinf(next.sum)) {
        kept_ = next;
        return;
      }
      incremental_ = true;
      kept_.sum /= count_ - 1;
      kept_.lost /= count_ - 1;
    }
    const double share = (count_ - 1) / count_;
    kept_.sum *= share;
    kept_.lost *= share;
    kept_.add(value / count_);
  }
  double mean() const {
    return incremental_ ? kept_.sum + kept_.lost : kept_.sum / count_ + kept_.lost / count_;
  }
  double count() const { return count_; }
  void merge(const KahanMean& other) {
    const double count = count_ + other.count_;
    if (!incremental_ && !other.incremental_) {
      KahanSum next = kept_;
      next.merge(other.kept_);
      if (!std::isinf(next.sum)) {
        kept_ = next;
        count_ = count;
        return;
      }
    }
    KahanSum mean{this->mean() * (count_ / count), 0};
    mean.add(other.mean() * (other.count_ / count));
    kept_ = mean;
    count_ = count;
    incremental_ = true;
  }

 private:
  KahanSum kept_;  // the sum, or the mean when incremental
  double count_ = 1;
  bool incremental_ = false;
};

}  // namespace hearth::promql
