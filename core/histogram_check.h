// Whether a native histogram is one: spans and buckets belong together, no count is negative.
#pragma once

#include <string>

#include "core/histogram.h"

namespace hearth {

// What is wrong with it, in the words of Prometheus' Histogram.Validate and
// FloatHistogram.Validate; "" when nothing is. The counts of integer histograms have to add up;
// those of float histograms need not, since they may have been rounded.
std::string histogram_fault(const FloatHistogram& histogram);

}  // namespace hearth
