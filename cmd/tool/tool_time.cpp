#include "cmd/tool/tool_time.h"

#include <cmath>
#include <optional>

#include "core/clock.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

}  // namespace

namespace {

// "now" = 0, "-1h" = -3600; nullopt where it is none.
std::optional<double> relative_seconds(std::string_view text) {
  const bool now = text.starts_with("now");
  if (now) text.remove_prefix(3);
  if (text.empty()) return now ? std::optional<double>(0) : std::nullopt;
  if (text[0] != '-' && text[0] != '+') return std::nullopt;
  try {
    const double seconds = static_cast<double>(parse_duration(text.substr(1))) / 1000;
    return text[0] == '-' ? -seconds : seconds;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

double parse_tool_time(const std::string& text) {
  if (const auto seconds = parse_go_float(text); seconds && std::isfinite(*seconds))
    return *seconds;
  if (const auto ms = parse_rfc3339(text)) return static_cast<double>(*ms) / 1000;
  if (const auto seconds = relative_seconds(text)) return now_seconds() + *seconds;
  refuse("cannot parse " + go_quote(text) + " to a valid timestamp");
}

double now_seconds() { return static_cast<double>(system_clock().now()) / 1000; }

}  // namespace hearth
