// An HTTP request to somebody else and what comes of it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace hearth {

class HttpAuthority;

// How a server is reached. Files named here are read by the library when a connection is made.
struct HttpOptions {
  std::string ca, ca_file, cert, cert_file, key, key_file;  // PEM text, or a file
  std::string server_name;                                  // for TLS, instead of the host's
  bool insecure_skip_verify = false;
  std::string min_tls_version, max_tls_version;  // "TLS10".."TLS13"; "" = the default
  std::string proxy_url, no_proxy;
  bool proxy_from_environment = false;
  std::vector<std::string> proxy_connect_headers;  // "Name: value", for the proxy that opens a tunnel
  std::string unix_socket;  // the path of a socket to connect to, whatever host the URL names
  bool follow_redirects = true;
  bool enable_http2 = true;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;                  // with a method other than GET
  DurationMs timeout = 0;            // of the whole exchange; 0 = none
  size_t max_body_bytes = 0;         // of the response as it comes over the wire; 0 = any
  size_t expected_body_bytes = 0;    // a hint
  bool keep_headers = false;         // fills HttpResponse::headers
  // Takes the body piece by piece instead of HttpResponse::body; false ends the transfer, which is no
  // error. Called inside poll(); it must not touch its slot.
  std::function<bool(int status, std::string_view piece)> on_data;
  HttpOptions options;
  // Adds what is fresh at the time of the request, over `options`. Of one client only.
  std::shared_ptr<HttpAuthority> authority;
};

struct HttpResponse {
  // Why there is no complete response, as Go words it: `Get "http://a/": context deadline exceeded`.
  std::string error;
  bool body_too_large = false;  // the transfer was ended at max_body_bytes; error is "" then
  int status = 0;
  std::string status_text;  // "404 Not Found"
  std::string content_type, content_encoding;
  std::string redirect_url;          // where a redirect that is not followed leads
  std::vector<std::string> headers;  // "Name: value", where they were asked for
  std::string body;                  // as it came: still compressed

  std::string_view header(std::string_view name) const;  // of `headers`, in any case; "" = it is not there
};

bool equals_ignoring_case(std::string_view a, std::string_view b);  // of ASCII

}  // namespace hearth
