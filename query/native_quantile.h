// Quantiles and fractions of native histograms.
#pragma once

#include <string_view>

#include "query/context.h"

namespace hearth::promql {

// `metric` and `pos` are for what is told about NaN observations.
double native_quantile(Context& context, double q, const FloatHistogram& histogram,
                       std::string_view metric, PosRange pos);
double native_fraction(Context& context, double lower, double upper,
                       const FloatHistogram& histogram, std::string_view metric, PosRange pos);

}  // namespace hearth::promql
