// Binary operators between scalars and vectors.
#pragma once

#include "query/arithmetic.h"
#include "query/ast.h"
#include "query/operator.h"

namespace hearth::promql {

// At least one side is a scalar.
OperatorPtr make_scalar_binary(const BinaryExpr& expr, OperatorPtr left, OperatorPtr right);

// Arithmetic or comparison of two vectors. Where the right one is the same expression as the left,
// `repeats` has how much further on it stands; else nothing.
OperatorPtr make_join(const BinaryExpr& expr, OperatorPtr left, OperatorPtr right,
                      std::vector<int64_t> repeats);

// and, or, unless.
OperatorPtr make_set_operation(const BinaryExpr& expr, OperatorPtr left, OperatorPtr right);

}  // namespace hearth::promql
