// <http_config>, <tls_config> and <relabel_config>, which many sections share.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/http_client_config.h"
#include "config/scalar.h"
#include "config/schema.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/relabel.h"

namespace hearth {
namespace {

bool given(const Value& owner, std::string_view field) { return !is_zero(owner[field]); }
int count_given(const Value& owner, std::initializer_list<std::string_view> fields) {
  int count = 0;
  for (const std::string_view field : fields) count += given(owner, field) ? 1 : 0;
  return count;
}

// ---- TLS ---------------------------------------------------------------------------------------

void check_tls(Value& tls) {
  for (const std::string_view field : {"min_version", "max_version"}) {
    const std::string& version = tls[field].text;
    constexpr std::array<std::string_view, 5> kKnown = {"", "TLS10", "TLS11", "TLS12", "TLS13"};
    const bool empty = version.empty() && tls[field].present;
    if (empty || std::find(kKnown.begin(), kKnown.end(), version) == kKnown.end()) {
      refuse(tls[field], "unknown TLS version: " + version);
    }
  }
  for (const std::string_view name : {"ca", "cert", "key"}) {
    const std::string file = std::string(name) + "_file";
    if (given(tls, name) && given(tls, file)) {
      refuse(tls, name == "key" ? "at most one of key and key_file must be configured"
                                : fmt::format("at most one of {0}, {0}_file & {0}_ref must be configured", name));
    }
  }
  const bool cert = count_given(tls, {"cert", "cert_file"}) > 0;
  const bool key = count_given(tls, {"key", "key_file"}) > 0;
  if (cert && !key) {
    refuse(tls,
           "exactly one of key or key_file must be configured when a client certificate is "
           "configured");
  }
  if (key && !cert) {
    refuse(tls,
           "exactly one of cert or cert_file must be configured when a client key is configured");
  }
}

// ---- proxies, headers, who we are --------------------------------------------------------------

const Type& proxy_header_type() {
  static const Type secrets = list_of(secret_type(), "[]config.Secret");
  static const Type type = [] {
    Type t = list_of(secrets, "config.ProxyHeader");
    t.kind = Type::Kind::kMap;
    return t;
  }();
  return type;
}

std::vector<Field> proxy_fields() {
  return {{"proxy_url", &url_type()},
          {"no_proxy", &string_type()},
          {"proxy_from_environment", &bool_type()},
          {"proxy_connect_header", &proxy_header_type()}};
}

void check_proxy(const Value& owner) {
  const bool url = !owner["proxy_url"].text.empty();
  const bool environment = owner["proxy_from_environment"].flag();
  if (given(owner, "proxy_connect_header") && !environment && !url) {
    refuse(owner,
           "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also "
           "be configured");
  }
  if (environment && url) {
    refuse(owner, "if proxy_from_environment is configured, proxy_url must not be configured");
  }
  if (environment && given(owner, "no_proxy")) {
    refuse(owner, "if proxy_from_environment is configured, no_proxy must not be configured");
  }
  if (!given(owner, "proxy_url") && given(owner, "no_proxy")) {
    refuse(owner, "if no_proxy is configured, proxy_url must also be configured");
  }
}

void check_assertion(const Value& oauth2) {
  if (count_given(oauth2, {"client_certificate_key", "client_certificate_key_file",
                           "client_certificate_key_ref"}) > 1) {
    refuse(oauth2,
           "at most one of oauth2 client_certificate_key, client_certificate_key_file & "
           "client_certificate_key_ref must be configured using grant-type=" +
               std::string(kJwtBearer));
  }
  const std::string& algorithm = oauth2["signature_algorithm"].text;
  if (!algorithm.empty() && algorithm != "RS256" && algorithm != "RS384" && algorithm != "RS512") {
    refuse(oauth2["signature_algorithm"], "valid signature algorithms are RS256, RS384 and RS512");
  }
}

void check_oauth2(const Value& oauth2) {
  if (!given(oauth2, "client_id")) refuse(oauth2, "oauth2 client_id must be configured");
  if (!given(oauth2, "token_url")) refuse(oauth2, "oauth2 token_url must be configured");
  if (oauth2["grant_type"].text == kJwtBearer) {
    check_assertion(oauth2);
  } else if (count_given(oauth2, {"client_secret", "client_secret_file", "client_secret_ref"}) > 1) {
    refuse(oauth2,
           "at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be "
           "configured using grant-type=client_credentials");
  }
}

const Type& oauth2_type() {
  static const Type type =
      optional_structure("config.plain",
                         std::vector<Field>{{"client_id", &string_type(), "", true},
                                            {"client_secret", &secret_type()},
                                            {"client_secret_file", &path_type()},
                                            {"client_secret_ref", &string_type()},
                                            {"client_certificate_key_id", &string_type()},
                                            {"client_certificate_key", &secret_type()},
                                            {"client_certificate_key_file", &path_type()},
                                            {"client_certificate_key_ref", &string_type()},
                                            {"grant_type", &string_type()},
                                            {"signature_algorithm", &string_type()},
                                            {"iss", &string_type()},
                                            {"audience", &string_type()},
                                            {"claims", &string_map_type()},
                                            {"scopes", &strings_type()},
                                            {"token_url", &string_type(), "", true},
                                            {"endpoint_params", &string_map_type()},
                                            {"tls_config", &tls_config_type()}} +
                             proxy_fields(),
                         [](Value& oauth2) { check_proxy(oauth2); });
  return type;
}

const Type& basic_auth_type() {
  static const Type type = optional_structure("config.plain", {{"username", &string_type()},
                                                               {"username_file", &path_type()},
                                                               {"username_ref", &string_type()},
                                                               {"password", &secret_type()},
                                                               {"password_file", &path_type()},
                                                               {"password_ref", &string_type()}});
  return type;
}

const Type& authorization_type() {
  static const Type type =
      optional_structure("config.Authorization", {{"type", &string_type()},
                                                  {"credentials", &secret_type()},
                                                  {"credentials_file", &path_type()},
                                                  {"credentials_ref", &string_type()}});
  return type;
}

const Type& http_headers_type() {
  static const Type secrets = list_of(secret_type(), "[]config.Secret");
  static const Type paths = list_of(path_type(), "[]string");
  static const Type header = structure(
      "config.Header", {{"values", &strings_type()}, {"secrets", &secrets}, {"files", &paths}});
  static const Type type = [] {
    Type t = list_of(header, "config.Headers");
    t.kind = Type::Kind::kMap;
    t.optional = true;
    return t;
  }();
  return type;
}

// "x-amz-date" -> "X-Amz-Date"
std::string canonical_header(std::string_view name) {
  std::string out(name);
  bool first = true;
  for (char& c : out) {
    if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!first && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    first = c == '-';
  }
  return out;
}

void check_http_headers(const Value& headers) {
  constexpr std::array<std::string_view, 18> kReserved = {"Authorization",
                                                          "Host",
                                                          "Content-Encoding",
                                                          "Content-Length",
                                                          "Content-Type",
                                                          "User-Agent",
                                                          "Connection",
                                                          "Keep-Alive",
                                                          "Proxy-Authenticate",
                                                          "Proxy-Authorization",
                                                          "Www-Authenticate",
                                                          "Accept-Encoding",
                                                          "X-Prometheus-Remote-Write-Version",
                                                          "X-Prometheus-Remote-Read-Version",
                                                          "X-Prometheus-Scrape-Timeout-Seconds",
                                                          "X-Amz-Date",
                                                          "X-Amz-Security-Token",
                                                          "X-Amz-Content-Sha256"};
  for (const std::string& key : headers.keys) {
    const std::string name = canonical_header(key);
    if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
      refuse(headers, "setting header " + go_quote(name) + " is not allowed");
    }
  }
}

std::string trimmed(const std::string& text) {
  const size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

void check_authorization(Value& http) {
  Value& authorization = http["authorization"];
  if (count_given(http, {"bearer_token", "bearer_token_file"}) > 0) {
    refuse(http, "authorization is not compatible with bearer_token & bearer_token_file");
  }
  if (count_given(authorization, {"credentials", "credentials_file", "credentials_ref"}) > 1) {
    refuse(authorization,
           "at most one of authorization credentials & credentials_file must be configured");
  }
  std::string& type = authorization["type"].text;
  type = trimmed(type);
  if (type.empty()) type = "Bearer";
  std::string lower = type;
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  if (lower == "basic") {
    refuse(authorization,
           R"(authorization type cannot be set to "basic", use "basic_auth" instead)");
  }
  if (count_given(http, {"basic_auth", "oauth2"}) > 0) {
    refuse(http, "at most one of basic_auth, oauth2 & authorization must be configured");
  }
}

// The old bearer_token fields become an authorization.
void move_bearer_token(Value& http) {
  for (const bool from_file : {false, true}) {
    Value& token = http[from_file ? "bearer_token_file" : "bearer_token"];
    if (token.text.empty()) continue;
    Value authorization = default_value(authorization_type());
    authorization["type"].text = "Bearer";
    authorization[from_file ? "credentials_file" : "credentials"].text = token.text;
    http["authorization"] = std::move(authorization);
    token.text.clear();
  }
}

}  // namespace

const Type& tls_config_type() {
  static const Type type = structure("config.plain",
                                     {{"ca", &string_type()},
                                      {"cert", &string_type()},
                                      {"key", &secret_type()},
                                      {"ca_file", &path_type()},
                                      {"cert_file", &path_type()},
                                      {"key_file", &path_type()},
                                      {"ca_ref", &string_type()},
                                      {"cert_ref", &string_type()},
                                      {"key_ref", &string_type()},
                                      {"server_name", &string_type()},
                                      {"insecure_skip_verify", &bool_type(), "", true},
                                      {"min_version", &string_type()},
                                      {"max_version", &string_type()}},
                                     check_tls);
  return type;
}

std::vector<Field> http_client_fields(bool http2) {
  return std::vector<Field>{{"basic_auth", &basic_auth_type()},
                            {"authorization", &authorization_type()},
                            {"oauth2", &oauth2_type()},
                            {"bearer_token", &secret_type()},
                            {"bearer_token_file", &path_type()},
                            {"tls_config", &tls_config_type()},
                            {"follow_redirects", &bool_type(), "true", true},
                            {"enable_http2", &bool_type(), http2 ? "true" : "false", true}} +
         proxy_fields() + std::vector<Field>{{"http_headers", &http_headers_type()}};
}

void check_http_client(Value& http) {
  if (count_given(http, {"bearer_token", "bearer_token_file"}) > 1) {
    refuse(http, "at most one of bearer_token & bearer_token_file must be configured");
  }
  if (count_given(http, {"basic_auth", "oauth2"}) > 0 &&
      count_given(http, {"bearer_token", "bearer_token_file"}) > 0) {
    refuse(
        http,
        "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured");
  }
  if (given(http, "basic_auth")) {
    const Value& basic = http["basic_auth"];
    if (count_given(basic, {"username", "username_file", "username_ref"}) > 1) {
      refuse(basic,
             "at most one of basic_auth username, username_file & username_ref must be configured");
    }
    if (count_given(basic, {"password", "password_file", "password_ref"}) > 1) {
      refuse(basic,
             "at most one of basic_auth password, password_file & password_ref must be configured");
    }
  }
  if (given(http, "authorization")) {
    check_authorization(http);
  } else {
    move_bearer_token(http);
  }
  if (count_given(http, {"basic_auth", "oauth2"}) > 1) {
    refuse(http, "at most one of basic_auth, oauth2 & authorization must be configured");
  }
  if (given(http, "oauth2")) check_oauth2(http["oauth2"]);
  check_proxy(http);
  check_http_headers(http["http_headers"]);
}

}  // namespace hearth
