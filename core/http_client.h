// HTTP requests to others, event-driven: any number at once, on the thread that calls poll().
// The library behind it, libcurl, stays in http_client.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace hearth {

// How a server is reached. Files named here are read by the library when a connection is made.
struct HttpOptions {
  std::string username, password;  // basic auth, where username is not empty
  std::string ca, ca_file, cert, cert_file, key, key_file;  // PEM text, or a file
  std::string server_name;                                  // for TLS, instead of the host's
  bool insecure_skip_verify = false;
  std::string min_tls_version, max_tls_version;  // "TLS10".."TLS13"; "" = the default
  std::string proxy_url, no_proxy;
  bool proxy_from_environment = false;
  std::string unix_socket;  // the path of a socket to connect to, whatever host the URL names
  bool follow_redirects = true;
  bool enable_http2 = true;
};

struct HttpRequest {
  std::string method = "GET";        // POST: hearthtool query
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
};

struct HttpResponse {
  // Why there is no complete response, as Go words it: `Get "http://a/": context deadline exceeded`.
  std::string error;
  bool body_too_large = false;  // the transfer was ended at max_body_bytes; error is "" then
  int status = 0;
  std::string status_text;  // "404 Not Found"
  std::string content_type, content_encoding;
  std::vector<std::string> headers;  // "Name: value", where they were asked for
  std::string body;                  // as it came: still compressed

  std::string_view header(std::string_view name) const;  // of `headers`, in any case; "" = it is not there
};

// Connections are kept and reused. One thread, but for wake(). Callbacks run inside poll().
class HttpClient {
 public:
  // A place for one request at a time, which keeps its connection open between requests. It must not
  // outlive its client; destroying it ends its request without a callback.
  class Slot {
   public:
    virtual ~Slot() = default;
  };
  using Done = std::function<void(HttpResponse response)>;

  // Slots are spread over so many libcurl handles: one handle with thousands of connections costs four
  // times more.
  explicit HttpClient(size_t shards = 64);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  std::unique_ptr<Slot> slot();
  // Requires: the slot has no request under way.
  void start(Slot& slot, const HttpRequest& request, Done done);

  // Moves transfers on; returns after at most wait_ms, earlier when something happened.
  void poll(DurationMs wait_ms);
  void wake();  // makes poll() return soon; from any thread

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
