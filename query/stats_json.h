// The statistics of a query as Prometheus writes them, in answers and in the query log.
#pragma once

#include <string>

#include "query/result.h"

namespace hearth::promql {

// {"timings":{...},"samples":{...}}
void append_stats_json(std::string& out, const QueryStats& stats);

}  // namespace hearth::promql
