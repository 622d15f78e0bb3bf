#include "config/http_options.h"

#include "core/base64.h"
#include "core/error.h"
#include "core/file.h"

namespace hearth {
namespace {

std::string absolute(const std::string& path, const std::string& dir) {
  return path.empty() || path.front() == '/' ? path : dir + "/" + path;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// What is written in the configuration, or in the file that it names.
std::string value_or_file(const std::string& value, const std::string& file,
                          const std::string& dir) {
  return file.empty() ? value : trimmed(read_file(absolute(file, dir)));
}

}  // namespace

HttpAccess http_access(const HttpClientConfig& config, const std::string& dir) {
  HttpAccess access;
  HttpOptions& options = access.options;
  if (const auto& basic = config.basic_auth) {
    const std::string username = value_or_file(basic->username, basic->username_file, dir);
    const std::string password = value_or_file(basic->password.value, basic->password_file, dir);
    access.headers.push_back("Authorization: Basic " + base64(username + ":" + password));
  }
  if (const auto& authorization = config.authorization) {
    const std::string credentials =
        value_or_file(authorization->credentials.value, authorization->credentials_file, dir);
    if (credentials.find_first_of("\r\n") != std::string::npos) {
      throw Error(ErrorKind::kBadData, "the credentials of authorization have more than one line");
    }
    access.headers.push_back("Authorization: " + authorization->type + " " + credentials);
  }
  const TlsConfig& tls = config.tls_config;
  options.ca = tls.ca;
  options.ca_file = absolute(tls.ca_file, dir);
  options.cert = tls.cert;
  options.cert_file = absolute(tls.cert_file, dir);
  options.key = tls.key.value;
  options.key_file = absolute(tls.key_file, dir);
  options.server_name = tls.server_name;
  options.insecure_skip_verify = tls.insecure_skip_verify;
  options.min_tls_version = tls.min_version;
  options.max_tls_version = tls.max_version;
  options.proxy_url = config.proxy_url;
  options.no_proxy = config.no_proxy;
  options.proxy_from_environment = config.proxy_from_environment;
  options.follow_redirects = config.follow_redirects;
  options.enable_http2 = config.enable_http2;
  return access;
}

}  // namespace hearth
