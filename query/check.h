// Types: what may stand where.
#pragma once

#include <string_view>

#include "query/ast.h"

namespace hearth::promql {

// Throws the parse error of the first operand or argument of a wrong type. Completes the matching
// of binary expressions: none where a side is a scalar, many-to-many for set operators.
void check_types(Expr& expr, std::string_view query);

}  // namespace hearth::promql
