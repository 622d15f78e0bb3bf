#include "config/to_config.h"

namespace hearth {

TlsConfig to_tls_config(const Value& tls) {
  TlsConfig out;
  out.ca = tls["ca"].text;
  out.ca_file = tls["ca_file"].text;
  out.cert = tls["cert"].text;
  out.cert_file = tls["cert_file"].text;
  out.key.value = tls["key"].text;
  out.key_file = tls["key_file"].text;
  out.server_name = tls["server_name"].text;
  out.insecure_skip_verify = tls["insecure_skip_verify"].flag();
  out.min_version = tls["min_version"].text;
  out.max_version = tls["max_version"].text;
  return out;
}

namespace {

std::map<std::string, std::string> to_map(const Value& map) {
  std::map<std::string, std::string> out;
  for (size_t i = 0; i < map.items.size(); ++i) out[map.keys[i]] = map.items[i].text;
  return out;
}

std::vector<Secret> to_secrets(const Value& list) {
  std::vector<Secret> out;
  for (const Value& item : list.items) out.push_back({item.text});
  return out;
}

void set_proxy(ProxyConfig& out, const Value& owner) {
  out.proxy_url = owner["proxy_url"].text;
  out.no_proxy = owner["no_proxy"].text;
  out.proxy_from_environment = owner["proxy_from_environment"].flag();
  const Value& headers = owner["proxy_connect_header"];
  for (size_t i = 0; i < headers.items.size(); ++i) {
    out.proxy_connect_header[headers.keys[i]] = to_secrets(headers.items[i]);
  }
}

BasicAuth to_basic_auth(const Value& basic) {
  BasicAuth out;
  out.username = basic["username"].text;
  out.username_file = basic["username_file"].text;
  out.password.value = basic["password"].text;
  out.password_file = basic["password_file"].text;
  return out;
}

Authorization to_authorization(const Value& authorization) {
  Authorization out;
  out.type = authorization["type"].text;
  out.credentials.value = authorization["credentials"].text;
  out.credentials_file = authorization["credentials_file"].text;
  return out;
}

OAuth2Config to_oauth2(const Value& oauth2) {
  OAuth2Config out;
  out.grant_type = oauth2["grant_type"].text;
  out.client_id = oauth2["client_id"].text;
  out.client_secret.value = oauth2["client_secret"].text;
  out.client_secret_file = oauth2["client_secret_file"].text;
  out.client_certificate_key.value = oauth2["client_certificate_key"].text;
  out.client_certificate_key_file = oauth2["client_certificate_key_file"].text;
  out.client_certificate_key_id = oauth2["client_certificate_key_id"].text;
  out.signature_algorithm = oauth2["signature_algorithm"].text;
  out.iss = oauth2["iss"].text;
  out.audience = oauth2["audience"].text;
  out.claims = to_map(oauth2["claims"]);
  out.endpoint_params = to_map(oauth2["endpoint_params"]);
  out.scopes = oauth2["scopes"].strings();
  out.token_url = oauth2["token_url"].text;
  out.tls_config = to_tls_config(oauth2["tls_config"]);
  set_proxy(out, oauth2);
  return out;
}

}  // namespace

HttpClientConfig to_http_client_config(const Value& owner) {
  HttpClientConfig out;
  if (owner["basic_auth"].present) out.basic_auth = to_basic_auth(owner["basic_auth"]);
  if (owner["authorization"].present) out.authorization = to_authorization(owner["authorization"]);
  if (owner["oauth2"].present) out.oauth2 = to_oauth2(owner["oauth2"]);
  out.tls_config = to_tls_config(owner["tls_config"]);
  const Value& headers = owner["http_headers"];
  for (size_t i = 0; i < headers.items.size(); ++i) {
    const Value& header = headers.items[i];
    out.http_headers[headers.keys[i]] = {header["values"].strings(), to_secrets(header["secrets"]),
                                         header["files"].strings()};
  }
  set_proxy(out, owner);
  out.follow_redirects = owner["follow_redirects"].flag();
  out.enable_http2 = owner["enable_http2"].flag();
  return out;
}

}  // namespace hearth
