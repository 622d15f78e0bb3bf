// How a request to somebody else is made: `<http_config>` as plain structs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hearth {

// Text that is never shown: printed as <secret>.
struct Secret {
  std::string value;
  bool operator==(const Secret&) const = default;
};

struct BasicAuth {
  std::string username, username_file;
  Secret password;
  std::string password_file;
  bool operator==(const BasicAuth&) const = default;
};

struct Authorization {
  std::string type = "Bearer";
  Secret credentials;
  std::string credentials_file;
  bool operator==(const Authorization&) const = default;
};

struct TlsConfig {
  std::string ca, ca_file, cert, cert_file;
  Secret key;
  std::string key_file, server_name;
  bool insecure_skip_verify = false;
  std::string min_version, max_version;  // "TLS10".."TLS13"; "" = the default
  bool operator==(const TlsConfig&) const = default;
};

struct ProxyConfig {
  std::string proxy_url, no_proxy;
  bool proxy_from_environment = false;
  std::map<std::string, std::vector<Secret>> proxy_connect_header;
  bool operator==(const ProxyConfig&) const = default;
};

// A token is fetched from a server of its own.
struct OAuth2Config : ProxyConfig {
  std::string grant_type;  // "client_credentials" or kJwtBearer
  std::string client_id;
  Secret client_secret;
  std::string client_secret_file;
  Secret client_certificate_key;  // signs the assertion of kJwtBearer
  std::string client_certificate_key_file, client_certificate_key_id, signature_algorithm;
  std::string iss, audience;
  std::map<std::string, std::string> claims, endpoint_params;
  std::vector<std::string> scopes;
  std::string token_url;
  TlsConfig tls_config;
  bool operator==(const OAuth2Config&) const = default;
};
inline constexpr char kJwtBearer[] = "urn:ietf:params:oauth:grant-type:jwt-bearer";

struct HttpHeader {
  std::vector<std::string> values;
  std::vector<Secret> secrets;
  std::vector<std::string> files;
  bool operator==(const HttpHeader&) const = default;
};

struct HttpClientConfig : ProxyConfig {
  std::optional<BasicAuth> basic_auth;
  std::optional<Authorization> authorization;
  std::optional<OAuth2Config> oauth2;
  TlsConfig tls_config;
  std::map<std::string, HttpHeader> http_headers;
  bool follow_redirects = true;
  bool enable_http2 = true;
  bool operator==(const HttpClientConfig&) const = default;
};

}  // namespace hearth
