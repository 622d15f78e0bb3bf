// From `<http_config>` to what a request needs. Files with credentials are read now: ask again for
// each request, and rotated ones count.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "core/http_client.h"

namespace hearth {

struct HttpAccess {
  HttpOptions options;
  std::vector<std::string> headers;  // Authorization, where there is one
};

// Relative paths are below `dir`. Throws Error(kIo) naming a file that cannot be read.
HttpAccess http_access(const HttpClientConfig& config, const std::string& dir);

}  // namespace hearth
