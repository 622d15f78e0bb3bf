// What the handlers of /api/v1 have in common: the envelope, the errors, CORS.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "web/exchange.h"

namespace hearth::web {

// What a handler puts into the envelope: JSON is appended to `data`, and what may be large is left
// in `rest`, which comes after it. One thread.
struct ApiAnswer {
  std::string& data;
  std::vector<std::string> warnings = {}, infos = {};
  bool no_content = false;  // 204 instead
  std::unique_ptr<BodySource> rest = {};
};

// Throws Error for everything that is not answered.
using ApiHandler = void (*)(const Exchange&, ApiAnswer&);

// Runs it and answers {"status":"success","data":...} or {"status":"error",...}.
void answer_api(const Exchange& exchange, ApiHandler handler);

// {"status":"error",...}, for a handler that writes its own form of success.
void answer_api_error(const Exchange& exchange, const Error& error);

inline constexpr std::string_view kTruncated = "results truncated due to limit";

// The headers of a cross-origin answer, where the request has an Origin that options allow.
void set_cors_headers(const Exchange& exchange);

}  // namespace hearth::web
