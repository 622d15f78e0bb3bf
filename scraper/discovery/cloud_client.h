// Requests to the APIs of providers, and the tokens that some of them want.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/http_client_config.h"
#include "core/http_authority.h"
#include "scraper/discovery/json_value.h"
#include "scraper/discovery/refresh.h"

namespace hearth {

// One thread.
class CloudClient {
 public:
  CloudClient(const HttpClientConfig& config, const DiscoveryContext& context, DurationMs timeout);

  // A GET; the authority and the timeout are set.
  HttpRequest request(const std::string& url) const;
  // The same as a POST of a form.
  HttpRequest form_request(const std::string& url, const std::string& form) const;

  // Throws Error "GET https://...: 401 Unauthorized: why" for all but 2xx.
  JsonValue get(Conversation& conversation, const std::string& url) const;
  HttpResponse send(Conversation& conversation, HttpRequest request) const;

 private:
  const std::shared_ptr<HttpAuthority> authority_;
  const std::string user_agent_;
  const DurationMs timeout_;
};

inline constexpr const char* kFormType = "application/x-www-form-urlencoded; charset=utf-8";

// As send() throws it.
[[noreturn]] void throw_unexpected_status(const HttpRequest& request, const HttpResponse& response);

// A token that is fetched when there is none, or the one there is expires within five minutes. One
// thread.
class CachedToken {
 public:
  struct Fetched {
    std::string token;
    int64_t expires_in_seconds = 0;
  };

  const std::string& get(const std::function<Fetched()>& fetch);
  void forget() { token_.clear(); }  // it was refused

 private:
  std::string token_;
  std::chrono::steady_clock::time_point fetch_after_;
};

// Of an answer of OAuth 2.0: access_token and expires_in, which some write as a string.
CachedToken::Fetched parse_token(const std::string& answer);

// Reads page after page: `read` gets a URL and gives the next one, "" at the end. Throws Error
// where there seems to be no end.
void for_each_page(std::string url, const std::function<std::string(const std::string& url)>& read);

}  // namespace hearth
