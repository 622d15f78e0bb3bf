// Reads the tables of expressions in tests/query/expressions.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "core/file.h"

namespace hearth::promql {

struct ExpressionCase {
  std::string query, expected;
};

inline std::string with_line_breaks(const std::string& line) {
  static const std::string kSign = "\xe2\x90\xa4";
  std::string out = line;
  for (size_t at; (at = out.find(kSign)) != std::string::npos;) out.replace(at, kSign.size(), "\n");
  return out;
}

// A line "?query" is followed by a line "=expected".
inline std::vector<ExpressionCase> read_expressions(const std::string& name) {
  const std::string text =
      read_file(std::string(HEARTH_SOURCE_DIR) + "/tests/query/expressions/" + name);
  std::vector<ExpressionCase> cases;
  for (size_t start = 0; start < text.size();) {
    const size_t end = text.find('\n', start);
    const std::string line = text.substr(start, end - start);
    if (line[0] == '?') cases.push_back({with_line_breaks(line.substr(1)), ""});
    if (line[0] == '=') cases.back().expected = with_line_breaks(line.substr(1));
    start = end + 1;
  }
  return cases;
}

}  // namespace hearth::promql
