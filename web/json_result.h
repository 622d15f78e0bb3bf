// The answer of a query as JSON: {"resultType":...,"result":...,"stats":...}.
#pragma once

#include <string>

#include "query/result.h"

namespace hearth::web {

// `limit` 0 = all series. Returns whether series were left out.
bool append_json_result(std::string& out, const promql::QueryResult& result, size_t limit,
                        bool with_stats);

}  // namespace hearth::web
