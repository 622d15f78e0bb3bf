// Go's arithmetic where C++ has another or none: it shows in results of Prometheus.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace hearth::promql {

// int64(value) on amd64: the lowest integer for what does not fit.
inline int64_t go_int64(double value) {
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0)) {
    return std::numeric_limits<int64_t>::min();
  }
  return static_cast<int64_t>(value);
}

// math.Min and math.Max: an infinity at the end of the order wins over NaN, NaN over the rest.
inline double go_min(double a, double b) {
  if (a == -INFINITY || b == -INFINITY) return -INFINITY;
  if (std::isnan(a) || std::isnan(b)) return std::nan("");
  return b < a || (a == 0 && a == b && std::signbit(b)) ? b : a;
}
inline double go_max(double a, double b) {
  if (a == INFINITY || b == INFINITY) return INFINITY;
  if (std::isnan(a) || std::isnan(b)) return std::nan("");
  return b > a || (a == 0 && a == b && !std::signbit(b)) ? b : a;
}

// math.Log and its kin on amd64: their last digit differs from C's.
double go_log(double x);
double go_log2(double x);
double go_log10(double x);
double go_exp2(double x);
double go_pow(double x, double y);

}  // namespace hearth::promql
