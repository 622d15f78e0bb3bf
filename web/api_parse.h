// /api/v1/parse_query: the tree of an expression as JSON.
#pragma once

#include "query/ast.h"
#include "web/api.h"

namespace hearth::web {

void api_parse_query(const Exchange& exchange, ApiAnswer& answer);

// The keys of each node stand in alphabetical order.
void append_json_tree(std::string& out, const promql::Expr& expr);

}  // namespace hearth::web
