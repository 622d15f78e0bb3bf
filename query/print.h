// The tree -> text, as Prometheus prints it.
#pragma once

#include <string>

#include "query/ast.h"

namespace hearth::promql {

std::string print(const Expr& expr);         // one line
std::string print_pretty(const Expr& expr);  // several lines, as /api/v1/format_query answers

}  // namespace hearth::promql
