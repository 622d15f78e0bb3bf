// Queries of a data directory without a server.
#pragma once

#include <memory>

#include "cmd/tool/query_source.h"
#include "query/engine.h"

namespace hearth {

// Answers as the API of a server over this directory would give them, each of the directory as it is
// then.
std::unique_ptr<QuerySource> make_data_dir_source(std::string dir,
                                                  const promql::EngineOptions& options);

}  // namespace hearth
