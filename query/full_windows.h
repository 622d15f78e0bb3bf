// Extrapolated increases of many windows at once, as wide as the processor can: windows of more
// than two floats each, whose counters began nowhere inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hearth::promql {

// Where a counter falls, that is, was reset. One thread.
class Falls {
 public:
  // The values must outlive it. Falls that are not seen in them are in `at`, too, which is sorted.
  Falls(const std::vector<double>& values, std::vector<uint32_t> at);
  explicit Falls(const std::vector<double>& values);

  // Adds to `increase` the value before each fall inside [begin, end), in their order. Windows are
  // asked for in their order.
  double correct(double increase, uint32_t begin, uint32_t end) {
    if (!any(begin, end)) return increase;
    for (size_t i = next_; i < at_.size() && at_[i] < end; ++i) increase += v_[at_[i] - 1];
    return increase;
  }
  // Whether there is one inside [begin, end).
  bool any(uint32_t begin, uint32_t end) {
    while (next_ < at_.size() && at_[next_] <= begin) ++next_;
    return next_ < at_.size() && at_[next_] < end;
  }

  // Where there are many: how many there are up to each sample, else nullptr; and the values before
  // them, as many numbers behind these.
  void count_if_many();
  const uint32_t* counts() const { return counts_.empty() ? nullptr : counts_.data(); }
  const double* lost() const { return lost_.data(); }

 private:
  const double* v_;
  size_t samples_;
  std::vector<uint32_t> at_;
  size_t next_ = 0;
  std::vector<uint32_t> counts_;
  std::vector<double> lost_;
};

// How far the samples of windows reach, and how far these reach beyond them, in seconds; the factor
// of each where zero is far away.
struct Reaches {
  std::vector<double> sampled, to_start, to_end, plain;
};

struct FullWindows {
  const double* v;              // the samples
  const uint32_t *begin, *end;  // of each window
  const Reaches& reaches;
  size_t first, count;  // of the windows that are meant
  double per_seconds;   // what increases are divided by
  double* cells;        // of each window
};

// Of counters. The falls were counted if they are many.
void extrapolate_counter(const FullWindows& windows, Falls& falls);
void extrapolate_gauge(const FullWindows& windows);

}  // namespace hearth::promql
