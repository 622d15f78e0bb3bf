// Text of a PromQL expression -> its tree, typed and checked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "query/ast.h"

namespace hearth::promql {

// What `--enable-feature` switches in the language.
struct ParseOptions {
  bool experimental_functions = false;  // promql-experimental-functions
  bool extended_range_selectors = false;  // promql-extended-range-selectors
  bool binop_fill_modifiers = false;      // promql-binop-fill-modifiers
  bool duration_expressions = true;
};

// Throws Error(kBadData) with Prometheus' text and position: `1:5: parse error: unexpected ...`.
// Nesting is limited (an error, never a crash). Type errors are found here too.
ExprPtr parse_expr(std::string_view text, const ParseOptions& options = {});

// A selector alone, as match[] has it: up{job="x"}. Throws as parse_expr does.
std::vector<Matcher> parse_metric_selector(std::string_view text);

// A series and nothing else, as the test scripts have it: up{job="x"}.
Labels parse_metric(std::string_view text);

}  // namespace hearth::promql
