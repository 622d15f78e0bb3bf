// Classic histograms: buckets that count what is at most their upper bound.
#pragma once

#include <optional>
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
double bucket_fraction(double lower, double upper, std::vector<ClassicBucket>& buckets);

}  // namespace hearth::promql
