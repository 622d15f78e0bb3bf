// A classic histogram on its way to a native one with custom buckets: its series are put in one by one.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/histogram.h"

namespace hearth {

// As Prometheus' util/convertnhcb has it. One thread.
class ClassicHistogram {
 public:
  void clear();

  // The series *_bucket, with its `le`; the first of equal bounds counts. Any order.
  void set_bucket(double bound, double cumulative_count);
  void set_count(double count);
  void set_sum(double sum) { sum_ = sum; }

  // nullopt where the series do not make a histogram: fault() says why.
  std::optional<FloatHistogram> convert();
  const std::string& fault() const { return fault_; }

 private:
  struct Bucket {
    double bound, count;
  };
  bool integer() const;

  std::vector<Bucket> buckets_;  // by bound
  std::optional<double> count_;
  double sum_ = 0;
  std::string fault_;  // the first one
};

}  // namespace hearth
