// Queries of a data directory without a server.
#pragma once

#include <string>

#include "query/engine.h"

namespace hearth {

// The answer as the API of a server over this directory would give it. Throws Error.
std::string query_data_dir(const std::string& dir, const promql::EngineOptions& options,
                           const promql::QueryRequest& request);

}  // namespace hearth
