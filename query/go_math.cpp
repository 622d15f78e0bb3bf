#include "query/go_math.h"

#include <cstring>

namespace hearth::promql {
namespace {

constexpr double kLog2OfE = 1.44269504088896340735992468100189214,
                 kLog10OfE = 0.434294481903251827651128918916605082294;
constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;

// The sum of c[i] * x^i.
template <size_t N>
double polynomial(const double (&c)[N], double x) {
  double sum = c[N - 1];
  for (size_t i = N - 1; i-- > 0;) sum = c[i] + x * sum;
  return sum;
}

}  // namespace

// By the method of FreeBSD's e_log.c: x = 2^k * (1 + f), and a polynomial of s = f / (2 + f). A
// number that is too small to be normal is taken for one that is, as on amd64 there.
double go_log(double x) {
  if (std::isnan(x) || x == INFINITY) return x;
  if (x == 0) return -INFINITY;
  if (x < 0) return std::nan("");
  constexpr uint64_t kFraction = (uint64_t{1} << 52) - 1, kHalf = uint64_t{0x3FE} << 52;
  uint64_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  double k = static_cast<double>(static_cast<int64_t>(bits >> 52) - 0x3FE);
  bits = (bits & kFraction) | kHalf;
  double f = 0;
  std::memcpy(&f, &bits, sizeof f);
  constexpr double kHalfOfRoot = 7.07106781186547524401e-01;
  if (f <= kHalfOfRoot) {
    f *= 2;
    k -= 1;
  }
  f -= 1;
  constexpr double kOdd[] = {6.666666666666735130e-01, 2.857142874366239149e-01,
                             1.818357216161805012e-01, 1.479819860511658591e-01};
  constexpr double kEven[] = {3.999999999940941908e-01, 2.222219843214978396e-01,
                              1.531383769920937332e-01};
  const double s = f / (2 + f), s2 = s * s, s4 = s2 * s2;
  const double rest = s2 * polynomial(kOdd, s4) + s4 * polynomial(kEven, s4);
  const double half_square = 0.5 * f * f;
  return k * kLn2High - ((half_square - (s * (half_square + rest) + k * kLn2Low)) - f);
}

double go_log2(double x) {
  if (!(x > 0) || x == INFINITY) return go_log(x);
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent);
  if (fraction == 0.5) return exponent - 1;  // a power of two
  return go_log(fraction) * kLog2OfE + exponent;
}

double go_log10(double x) { return go_log(x) * kLog10OfE; }

// By the method of FreeBSD's e_exp.c.
double go_exp2(double x) {
  if (std::isnan(x) || x == INFINITY) return x;
  if (x > 1.0239999999999999e+03) return INFINITY;
  if (x < -1.0740e+03) return 0;
  const int k = static_cast<int>(x > 0 ? x + 0.5 : x < 0 ? x - 0.5 : 0);
  const double t = x - k;
  const double high = t * kLn2High, low = -t * kLn2Low;
  constexpr double kTerms[] = {1.66666666666666657415e-01, -2.77777777770155933842e-03,
                               6.61375632143793436117e-05, -1.65339022054652515390e-06,
                               4.13813679705723846039e-08};
  const double r = high - low, square = r * r;
  const double c = r - square * polynomial(kTerms, square);
  return std::ldexp(1 - ((low - (r * c) / (2 - c)) - high), k);
}

// Powers are multiplied up by squares, which is a digit less exact than C's.
double go_pow(double x, double y) {
  double whole = 0;
  double rest = std::modf(std::fabs(y), &whole);
  if (!std::isfinite(x) || !std::isfinite(y) || x == 0 || x == 1 || y == 0 ||
      whole >= 9223372036854775808.0 || (rest != 0 && x < 0)) {
    return std::pow(x, y);
  }
  if (y == 1) return x;
  if (y == 0.5) return std::sqrt(x);
  if (y == -0.5) return 1 / std::sqrt(x);
  double power = 1;  // the result is power * 2^exponent
  int exponent = 0;
  if (rest != 0) {
    if (rest > 0.5) {
      rest -= 1;
      whole += 1;
    }
    power = std::exp(rest * go_log(x));
  }
  int square_exponent = 0;
  double square = std::frexp(x, &square_exponent);
  for (auto left = static_cast<uint64_t>(whole); left != 0; left >>= 1) {
    constexpr int kFar = 1 << 12;
    if (square_exponent < -kFar || square_exponent > kFar) {
      exponent += square_exponent;
      break;
    }
    if ((left & 1) != 0) {
      power *= square;
      exponent += square_exponent;
    }
    square *= square;
    square_exponent *= 2;
    if (square < 0.5) {
      square += square;
      --square_exponent;
    }
  }
  if (y < 0) {
    power = 1 / power;
    exponent = -exponent;
  }
  return std::ldexp(power, exponent);
}

}  // namespace hearth::promql
