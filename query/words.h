// The words that the language knows, for who completes what is typed.
#pragma once

#include <string_view>
#include <vector>

namespace hearth::promql {

std::vector<std::string_view> function_names();  // sorted

// Aggregators, operators and keywords that are words ("sum", "and", "by"), sorted.
struct ReservedWord {
  std::string_view text;
  bool aggregator;
};
std::vector<ReservedWord> reserved_words();

}  // namespace hearth::promql
