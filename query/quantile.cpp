#include "query/quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hearth::promql {

double quantile(double q, std::vector<double>& values) {
  if (values.empty() || std::isnan(q)) return std::nan("");
  if (q < 0) return -std::numeric_limits<double>::infinity();
  if (q > 1) return std::numeric_limits<double>::infinity();
  const auto less = [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; };
  const double last = static_cast<double>(values.size()) - 1;
  const double rank = q * last;
  const double lower = std::max(0.0, std::floor(rank));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(lower);
  std::nth_element(values.begin(), at, values.end(), less);
  const double below = *at;
  const double above = lower < last ? *std::min_element(at + 1, values.end(), less) : below;
  const double weight = rank - std::floor(rank);
  return below * (1 - weight) + above * weight;
}

}  // namespace hearth::promql
