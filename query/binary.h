// Binary operators between scalars and vectors.
#pragma once

#include "query/arithmetic.h"
#include "query/ast.h"
#include "query/operator.h"

namespace hearth::promql {

// At least one side is a scalar.
OperatorPtr make_scalar_binary(const BinaryExpr& expr, OperatorPtr left, OperatorPtr right);

// Arithmetic or comparison of two vectors.
OperatorPtr make_join(const BinaryExpr& expr, OperatorPtr left, OperatorPtr right);

// and, or, unless.
OperatorPtr make_set_operation(const BinaryExpr& expr, OperatorPtr left, OperatorPtr right);

}  // namespace hearth::promql
