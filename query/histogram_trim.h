// The operators </ and >/ of native histograms.
#pragma once

#include "core/histogram.h"

namespace hearth::promql {

// Leaves the observations below (kUpper) or above (kLower) `limit`, as far as buckets tell: those
// in the limit's own bucket are shared out by interpolation.
enum class Trim { kUpper, kLower };
void trim_histogram(FloatHistogram& histogram, double limit, Trim trim);

}  // namespace hearth::promql
