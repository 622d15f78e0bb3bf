#include "cmd/tool_time.h"

#include <cmath>

#include "core/clock.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

}  // namespace

double parse_tool_time(const std::string& text) {
  if (const auto seconds = parse_go_float(text); seconds && std::isfinite(*seconds))
    return *seconds;
  if (const auto ms = parse_rfc3339(text)) return static_cast<double>(*ms) / 1000;
  refuse("cannot parse " + go_quote(text) + " to a valid timestamp");
}

double now_seconds() { return static_cast<double>(system_clock().now()) / 1000; }

}  // namespace hearth
