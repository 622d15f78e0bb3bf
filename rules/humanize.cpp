// Numbers for people.
#include <fmt/format.h>

#include <cmath>

#include "rules/template_functions.h"

namespace hearth::rules {
namespace {

// C's %.4g is Go's but for the special values.
std::string four_digits(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{:.4g}", value);
}

constexpr std::string_view kSmall[] = {"m", "u", "n", "p", "f", "a", "z", "y"};
constexpr std::string_view kLarge[] = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
constexpr std::string_view kBinary[] = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};

std::string with_large_prefix(double value, std::span<const std::string_view> prefixes,
                              double unit) {
  std::string_view prefix;
  for (const std::string_view next : prefixes) {
    if (std::fabs(value) < unit) break;
    prefix = next;
    value /= unit;
  }
  return four_digits(value) + std::string(prefix);
}
std::string with_small_prefix(double value) {
  std::string_view prefix;
  for (const std::string_view next : kSmall) {
    if (std::fabs(value) >= 1) break;
    prefix = next;
    value *= 1000;
  }
  return four_digits(value) + std::string(prefix);
}

}  // namespace

std::string humanize(double value) {
  if (value == 0 || !std::isfinite(value)) return four_digits(value);
  return std::fabs(value) >= 1 ? with_large_prefix(value, kLarge, 1000) : with_small_prefix(value);
}

std::string humanize_1024(double value) {
  if (std::fabs(value) <= 1 || !std::isfinite(value)) return four_digits(value);
  return with_large_prefix(value, kBinary, 1024);
}

std::string humanize_duration(double seconds) {
  if (!std::isfinite(seconds)) return four_digits(seconds);
  if (seconds == 0) return four_digits(seconds) + "s";
  if (std::fabs(seconds) < 1) return with_small_prefix(seconds) + "s";
  const std::string sign = seconds < 0 ? "-" : "";
  seconds = std::fabs(seconds);
  const int64_t whole = seconds < 9.2e18 ? static_cast<int64_t>(seconds) : INT64_MIN;
  const int64_t s = whole % 60, m = whole / 60 % 60, h = whole / 3600 % 24, d = whole / 86'400;
  if (d != 0) return fmt::format("{}{}d {}h {}m {}s", sign, d, h, m, s);
  if (h != 0) return fmt::format("{}{}h {}m {}s", sign, h, m, s);
  if (m != 0) return fmt::format("{}{}m {}s", sign, m, s);
  return sign + four_digits(seconds) + "s";
}

std::string humanize_percentage(double ratio) { return four_digits(ratio * 100) + "%"; }

}  // namespace hearth::rules
