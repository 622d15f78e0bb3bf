// Classic histograms -> native ones with custom buckets, as load_with_nhcb adds them.
#pragma once

#include <vector>

#include "tests/promql/script.h"

namespace hearth::promql::script {

struct HistogramSeries {
  Labels labels;
  std::vector<std::pair<TimeMs, FloatHistogram>> points;  // in the order of time
};

// Throws Error(kBadData) where counts are not cumulative.
std::vector<HistogramSeries> custom_bucket_histograms(const Load& load);

}  // namespace hearth::promql::script
