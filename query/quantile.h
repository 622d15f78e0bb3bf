// Quantiles of plain values.
#pragma once

#include <vector>

namespace hearth::promql {

// Between the two values around rank q * (n - 1), on the line between them; NaN sorts first.
// Reorders `values`. NaN without values or for a NaN q; -Inf for q < 0, +Inf for q > 1.
double quantile(double q, std::vector<double>& values);

}  // namespace hearth::promql
