// Pieces of printed expressions that the one-line and the pretty form share.
#pragma once

#include <string>

#include "query/ast.h"

namespace hearth::promql {

void append_aggregate_head(std::string& out, const AggregateExpr& aggregate);  // sum by (job)
void append_operator(std::string& out, const BinaryExpr& binary);              // + on (job)
void append_subquery_suffix(std::string& out, const SubqueryExpr& subquery);   // [5m:1m] offset 1h

}  // namespace hearth::promql
