#include "query/parse_error.h"

#include <algorithm>

#include "core/error.h"

namespace hearth::promql {

void throw_parse_error(std::string_view query, uint32_t pos, const std::string& text) {
  std::string where = "unknown position";
  if (!query.empty()) {
    const std::string_view before = query.substr(0, pos);
    const size_t line_break = before.rfind('\n');
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t column = line_break == std::string_view::npos ? pos + 1 : pos - line_break;
    where = std::to_string(line) + ":" + std::to_string(column);
  }
  throw Error(ErrorKind::kBadData, where + ": parse error: " + text);
}

}  // namespace hearth::promql
