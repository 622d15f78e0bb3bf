// What a request must have that changes while a server runs: credentials, certificates, tokens.
#pragma once

#include <optional>

#include "core/http_message.h"

namespace hearth {

// Of one client, whose requests may share it: then what one of them fetched serves all. One thread.
class HttpAuthority {
 public:
  virtual ~HttpAuthority() = default;

  // Completes the request. When something has to be fetched first, returns the request for it instead,
  // whose response goes to learn(); then complete() is called again. Throws Error.
  virtual std::optional<HttpRequest> complete(HttpRequest& request) = 0;
  // Whether complete() would add the same to an equal request again, and ask for nothing.
  virtual bool is_constant() const { return false; }
  virtual void learn(const HttpResponse& response) = 0;  // throws Error: what was fetched is no use
  virtual void refused() = 0;  // a request that was completed was answered with 401
};

}  // namespace hearth
