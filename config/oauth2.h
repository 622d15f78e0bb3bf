// A token of OAuth 2.0: by the client's credentials (RFC 6749 4.4), or by an assertion that the client
// signs (RFC 7523).
#pragma once

#include <optional>
#include <string>

#include "config/fresh_file.h"
#include "config/http_client_config.h"
#include "core/clock.h"
#include "core/http_message.h"

namespace hearth {

// One thread.
class OAuth2Token {
 public:
  OAuth2Token(const OAuth2Config& config, Clock& clock) : config_(config), clock_(clock) {}

  // The request for a token, unless there is one that holds. Throws Error.
  std::optional<HttpRequest> request_if_needed(FreshFiles& files);
  void learn(const HttpResponse& response);  // of that request; throws Error
  void forget() { authorization_.clear(); }

  const std::string& authorization() const { return authorization_; }  // "Bearer abc"

 private:
  // How the server wants the client's credentials. Where that is not known both are tried, as Go does.
  enum class Style { kHeader, kBody };

  void set_form(HttpRequest& request, const std::string& secret) const;
  void keep(const HttpResponse& response);

  const OAuth2Config config_;
  Clock& clock_;
  Style style_ = Style::kHeader;
  bool style_known_ = false;
  std::string authorization_;  // "" = no token
  std::string secret_;         // that it was fetched with
  int64_t expires_nanos_ = 0;  // monotonic; 0 = never
};

}  // namespace hearth
