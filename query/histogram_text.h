// Native histograms as text, for labels.
#pragma once

#include <string>

#include "core/histogram.h"

namespace hearth::promql {

// Prometheus' FloatHistogram.String(): {count:4, sum:12, (1,2]:4}.
std::string histogram_text(const FloatHistogram& histogram);

}  // namespace hearth::promql
