#include "config/oauth2.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "config/http_settings.h"
#include "config/jwt.h"
#include "core/base64.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/uri.h"

namespace hearth {
namespace {

using nlohmann::json;

constexpr size_t kMaxTokenBytes = 1 << 20;
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kSpareSeconds = 10;       // a token is not used until its last moment
constexpr int64_t kAssertionSeconds = 600;  // that it holds

// What a token server answered, of its two formats.
struct Answer {
  std::string access_token, token_type, error, error_description, error_uri;
  int64_t expires_in = 0;  // seconds; 0 = it does not say
};

std::string text_in(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

int64_t seconds_in(const json& object) {
  const auto found = object.find("expires_in");
  if (found == object.end()) return 0;
  int64_t out = 0;
  if (found->is_number()) {
    out = static_cast<int64_t>(std::clamp(found->get<double>(), 0.0, 1e10));
  } else if (found->is_string()) {
    const auto& text = found->get_ref<const std::string&>();
    std::from_chars(text.data(), text.data() + text.size(), out);
  }
  return std::clamp<int64_t>(out, 0, 10'000'000'000);
}

Answer read_answer(const HttpResponse& response) {
  Answer out;
  const std::string type = response.content_type.substr(0, response.content_type.find(';'));
  json object;
  if (type == "application/x-www-form-urlencoded" || type == "text/plain") {
    object = json::object();
    for (const auto& [name, values] : decode_query(response.body)) object[name] = values.front();
  } else {
    object = json::parse(response.body, nullptr, false);
    if (!object.is_object()) return out;
  }
  out.access_token = text_in(object, "access_token");
  out.token_type = text_in(object, "token_type");
  out.error = text_in(object, "error");
  out.error_description = text_in(object, "error_description");
  out.error_uri = text_in(object, "error_uri");
  out.expires_in = seconds_in(object);
  return out;
}

[[noreturn]] void refuse_answer(const HttpResponse& response, const Answer& answer) {
  std::string text;
  if (answer.error.empty()) {
    text = fmt::format("oauth2: cannot fetch token: {}\nResponse: {}", response.status_text, response.body);
  } else {
    text = "oauth2: " + go_quote(answer.error);
    if (!answer.error_description.empty()) text += " " + go_quote(answer.error_description);
    if (!answer.error_uri.empty()) text += " " + go_quote(answer.error_uri);
  }
  throw Error(ErrorKind::kUnavailable, text);
}

std::string token_type(const std::string& type) {
  if (type.empty() || equals_ignoring_case(type, "bearer")) return "Bearer";
  if (equals_ignoring_case(type, "mac")) return "MAC";
  if (equals_ignoring_case(type, "basic")) return "Basic";
  return type;
}

std::string assertion_of(const OAuth2Config& config, const std::string& key, TimeMs now) {
  json claims = {{"iss", config.iss.empty() ? config.client_id : config.iss},
                 {"sub", config.client_id},
                 {"jti", random_uuid()},
                 {"aud", config.audience.empty() ? config.token_url : config.audience},
                 {"iat", now / 1000},
                 {"exp", now / 1000 + kAssertionSeconds}};
  if (!config.scopes.empty()) claims["scope"] = fmt::format("{}", fmt::join(config.scopes, " "));
  for (const auto& [name, value] : config.claims) claims[name] = value;
  Assertion assertion;
  assertion.algorithm = config.signature_algorithm.empty() ? "RS256" : config.signature_algorithm;
  assertion.key_id = config.client_certificate_key_id;
  assertion.claims = claims.dump(-1, ' ', false, json::error_handler_t::replace);
  return signed_assertion(assertion, key);
}

}  // namespace

std::optional<HttpRequest> OAuth2Token::request_if_needed(FreshFiles& files) {
  const bool signs = config_.grant_type == kJwtBearer;
  const std::string& file = signs ? config_.client_certificate_key_file : config_.client_secret_file;
  std::string secret = signs ? config_.client_certificate_key.value : config_.client_secret.value;
  try {
    if (secret.empty() && !file.empty()) secret = files.text(file);
  } catch (const Error& error) {
    throw Error(error.kind(), std::string("unable to read oauth2 client secret: ") + error.what());
  }
  const bool expired = expires_nanos_ != 0 && clock_.monotonic_nanos() >= expires_nanos_;
  if (!authorization_.empty() && !expired && secret == secret_) return std::nullopt;
  if (secret != secret_) style_known_ = false;
  secret_ = std::move(secret);
  authorization_.clear();

  HttpRequest request;
  request.method = "POST";
  request.url = config_.token_url;
  request.max_body_bytes = kMaxTokenBytes;
  request.headers = {"Content-Type: application/x-www-form-urlencoded"};
  set_tls_options(config_.tls_config, files, request.options);
  set_proxy_options(config_, request.options);
  set_form(request, secret_);
  return request;
}

void OAuth2Token::set_form(HttpRequest& request, const std::string& secret) const {
  QueryParameters form;
  if (config_.grant_type == kJwtBearer) {
    form["grant_type"] = {kJwtBearer};
    form["assertion"] = {assertion_of(config_, secret, clock_.now())};
    request.body = encode_query(form);
    return;
  }
  form["grant_type"] = {"client_credentials"};
  if (!config_.scopes.empty()) form["scope"] = {fmt::format("{}", fmt::join(config_.scopes, " "))};
  for (const auto& [name, value] : config_.endpoint_params) {
    if (name != "grant_type" && form.count(name) > 0) {
      throw Error(ErrorKind::kBadData, "oauth2: cannot overwrite parameter " + go_quote(name));
    }
    form[name] = {value};
  }
  if (style_ == Style::kBody) {
    form["client_id"] = {config_.client_id};
    if (!secret.empty()) form["client_secret"] = {secret};
  } else {
    request.headers.push_back("Authorization: Basic " +
                              base64(query_escape(config_.client_id) + ":" + query_escape(secret)));
  }
  request.body = encode_query(form);
}

void OAuth2Token::learn(const HttpResponse& response) {
  const bool other_style = !style_known_ && config_.grant_type != kJwtBearer;
  try {
    keep(response);
    style_known_ = true;
  } catch (const Error&) {
    if (other_style && style_ == Style::kHeader && response.error.empty()) {
      style_ = Style::kBody;  // there is no token yet: it will be asked for so
      return;
    }
    if (other_style) style_ = Style::kHeader;
    throw;
  }
}

void OAuth2Token::keep(const HttpResponse& response) {
  if (!response.error.empty()) throw Error(ErrorKind::kUnavailable, response.error);
  const Answer answer = read_answer(response);
  if (response.status / 100 != 2 || !answer.error.empty()) refuse_answer(response, answer);
  if (answer.access_token.empty()) {
    throw Error(ErrorKind::kUnavailable, "oauth2: server response missing access_token");
  }
  for (const char c : answer.access_token + answer.token_type) {
    if (static_cast<unsigned char>(c) < 0x20) {
      throw Error(ErrorKind::kUnavailable, "oauth2: the token is no text for a header");
    }
  }
  authorization_ = token_type(answer.token_type) + " " + answer.access_token;
  const int64_t holds = std::max<int64_t>(answer.expires_in - kSpareSeconds, 1);
  expires_nanos_ = answer.expires_in == 0 ? 0 : clock_.monotonic_nanos() + holds * kSecond;
}

}  // namespace hearth
