// Errors of the parser: Prometheus' text with line and column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::promql {

// Throws Error(kBadData, "1:5: parse error: text"); `pos` is a byte of the query.
[[noreturn]] void throw_parse_error(std::string_view query, uint32_t pos, const std::string& text);

}  // namespace hearth::promql
