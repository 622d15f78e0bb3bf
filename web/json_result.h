// The answer of a query as JSON: {"resultType":...,"result":...,"stats":...}.
#pragma once

#include <string>
#include <string_view>

#include "query/result.h"

namespace hearth::web {

// "scalar", "vector", "matrix", "string", "none": as the API names what an expression gives.
std::string_view result_type(promql::ValueType type);

// `limit` 0 = all series. Returns whether series were left out.
bool append_json_result(std::string& out, const promql::QueryResult& result, size_t limit,
                        bool with_stats);

}  // namespace hearth::web
