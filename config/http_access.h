// `<http_config>` at work: what a request needs beside its URL, as the files have it at that moment.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/http_client_config.h"
#include "core/clock.h"
#include "core/http_authority.h"

namespace hearth {

// Sets the options of requests, adds Authorization and http_headers. Tokens of oauth2 are fetched from
// their server, kept until they expire, and fetched anew when the client's secret changed or a request
// was answered with 401. Relative paths are below `dir`.
std::shared_ptr<HttpAuthority> make_http_authority(const HttpClientConfig& config, const std::string& dir,
                                                   Clock& clock = system_clock());

// Gives equal configurations the same authority while somebody has it, so that they share tokens. One
// thread.
class HttpAuthorities {
 public:
  explicit HttpAuthorities(std::string dir) : dir_(std::move(dir)) {}
  std::shared_ptr<HttpAuthority> of(const HttpClientConfig& config);

 private:
  const std::string dir_;
  std::vector<std::pair<HttpClientConfig, std::weak_ptr<HttpAuthority>>> known_;
};

}  // namespace hearth
