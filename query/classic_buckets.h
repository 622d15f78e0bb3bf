// Classic histograms: buckets that count what is at most their upper bound.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "query/annotations.h"

namespace hearth::promql {

struct ClassicBucket {
  double upper_bound;
  double count;
};

// Both sort and change `buckets`. NaN without a +Inf bucket or without observations.

// `fix` gets what had to be made monotonic, if anything was.
double bucket_quantile(double q, std::vector<ClassicBucket>& buckets,
                       std::optional<Annotations::Fix>& fix);

// The same of one histogram at many steps. One thread.
class ManyQuantiles {
 public:
  static constexpr size_t kSteps = 16;
  struct Quantile {
    bool found = false;
    double value = 0;
    std::optional<Annotations::Fix> fix;
  };

  // Requires: bounds ascend, the last one is +Inf; there are two at least.
  explicit ManyQuantiles(std::vector<double> bounds);
  // counts[b][first + i] belongs to bounds[b], q[i] to the step first + i. None is found where a
  // count is missing, or nearly the same as one before, or where q is not in [0, 1].
  const std::array<Quantile, kSteps>& find(const double* q, std::span<const double* const> counts,
                                           size_t first);

 private:
  std::vector<double> bounds_;
  std::vector<double> mended_;  // kSteps counts for each bound
  std::array<Quantile, kSteps> found_;
};

double bucket_fraction(double lower, double upper, std::vector<ClassicBucket>& buckets);

}  // namespace hearth::promql
