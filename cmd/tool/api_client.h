// Requests to the HTTP API of a server, for the command line. Blocking; Ctrl-C ends one with
// Error(kCanceled) where it is noticed (interrupt.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/http_client.h"
#include "core/uri.h"

namespace hearth {

// One thread.
class ApiClient {
 public:
  // `server` is a URL, with or without http:// in front; `headers` are "Name: value". Throws
  // Error(kBadData) for one that cannot be. `http_config_file` holds an <http_config>; "" = none.
  ApiClient(const std::string& server, const std::string& http_config_file,
            std::vector<std::string> headers);

  // The body of an answer of the API (2xx, 400, 422), whose JSON the reader looks into. Everything
  // else throws Error(kUnavailable) in promtool's words: `Get "http://a/": dial tcp ...`,
  // "client_error: client error: 404 (detail: 404 page not found)".
  // `timeout` 0: none.
  std::string get(const std::string& path, const QueryParameters& parameters = {},
                  DurationMs timeout = 0);
  std::string post(const std::string& path,
                   const QueryParameters& form);  // by GET where POST is not allowed

  // Whatever is at the path. Throws Error(kUnavailable) in the words of `promtool debug`.
  std::string get_for_debug(const std::string& path);

  // Sends a body as it is; throws Error(kUnavailable) in the words of remote write.
  void send(const std::string& body, std::vector<std::string> headers, DurationMs timeout);

  const std::string& url() const { return url_; }

 private:
  HttpResponse fetch(HttpRequest request);
  std::string answer(const HttpResponse& response) const;
  std::string url_;  // without a slash at its end
  std::shared_ptr<HttpAuthority> authority_;
  std::vector<std::string> headers_;
  HttpClient client_{1};
};

}  // namespace hearth
