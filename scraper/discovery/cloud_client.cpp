#include "scraper/discovery/cloud_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/http_access.h"
#include "core/error.h"

namespace hearth {
namespace {

constexpr size_t kMaxPages = 10'000;
constexpr size_t kShownBytes = 500;
constexpr std::chrono::minutes kBeforeItExpires{5};

}  // namespace

CloudClient::CloudClient(const HttpClientConfig& config, const DiscoveryContext& context,
                         DurationMs timeout)
    : authority_(make_http_authority(config, context.dir)),
      user_agent_(context.user_agent),
      timeout_(timeout) {}

HttpRequest CloudClient::request(const std::string& url) const {
  HttpRequest request;
  request.url = url;
  request.headers.push_back("User-Agent: " + user_agent_);
  request.headers.push_back("Accept: application/json");
  request.timeout = timeout_;
  request.authority = authority_;
  return request;
}

HttpRequest CloudClient::form_request(const std::string& url, const std::string& form) const {
  HttpRequest posted = request(url);
  posted.method = "POST";
  posted.headers.push_back(std::string("Content-Type: ") + kFormType);
  posted.body = form;
  return posted;
}

HttpResponse CloudClient::send(Conversation& conversation, HttpRequest request) const {
  HttpResponse response = conversation.send(request);
  if (response.status / 100 != 2) throw_unexpected_status(request, response);
  return response;
}

JsonValue CloudClient::get(Conversation& conversation, const std::string& url) const {
  return JsonValue::parse(send(conversation, request(url)).body);
}

void throw_unexpected_status(const HttpRequest& request, const HttpResponse& response) {
  throw Error(ErrorKind::kUnavailable,
              fmt::format("{} {}: {}: {}", request.method, request.url, response.status_text,
                          response.body.substr(0, kShownBytes)));
}

const std::string& CachedToken::get(const std::function<Fetched()>& fetch) {
  const auto now = std::chrono::steady_clock::now();
  if (token_.empty() || now >= fetch_after_) {
    Fetched fetched = fetch();
    token_ = std::move(fetched.token);
    fetch_after_ = now + std::chrono::seconds(fetched.expires_in_seconds) - kBeforeItExpires;
  }
  return token_;
}

CachedToken::Fetched parse_token(const std::string& answer) {
  const JsonValue token = JsonValue::parse(answer);
  CachedToken::Fetched fetched{token["access_token"].text(), 0};
  if (fetched.token.empty())
    throw Error(ErrorKind::kBadData, "the answer of the token server has no access_token");
  const std::string seconds = token["expires_in"].scalar();
  std::from_chars(seconds.data(), seconds.data() + seconds.size(), fetched.expires_in_seconds);
  fetched.expires_in_seconds = std::clamp<int64_t>(fetched.expires_in_seconds, 0, 365 * 86400);
  return fetched;
}

void for_each_page(std::string url,
                   const std::function<std::string(const std::string& url)>& read) {
  for (size_t pages = 0; !url.empty(); ++pages) {
    if (pages == kMaxPages)
      throw Error(ErrorKind::kBadData, "there are more than 10000 pages, the last: " + url);
    url = read(url);
  }
}

}  // namespace hearth
