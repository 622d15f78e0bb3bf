#include "config/http_settings.h"

#include "core/error.h"

namespace hearth {
namespace {

std::string text_of(const std::string& text, const std::string& file, FreshFiles& files, const char* what) {
  if (file.empty()) return text;
  try {
    return files.text(file) + "\n";
  } catch (const Error& error) {
    throw Error(error.kind(), std::string("unable to read ") + what + ": " + error.what());
  }
}

std::string described(const std::string& file) { return file.empty() ? "inline" : "file " + file; }

}  // namespace

void set_tls_options(const TlsConfig& tls, FreshFiles& files, HttpOptions& options) {
  if (!tls.min_version.empty() && !tls.max_version.empty() && tls.max_version < tls.min_version) {
    throw Error(ErrorKind::kBadData,
                "tls_config.max_version must be greater than or equal to tls_config.min_version if both are "
                "specified");
  }
  options.ca = text_of(tls.ca, tls.ca_file, files, "CA cert");
  if ((!tls.ca.empty() || !tls.ca_file.empty()) && options.ca.find("-----BEGIN") == std::string::npos) {
    throw Error(ErrorKind::kBadData, "unable to use specified CA cert " + described(tls.ca_file));
  }
  options.cert = text_of(tls.cert, tls.cert_file, files, "specified client cert");
  options.key = text_of(tls.key.value, tls.key_file, files, "specified client key");
  options.server_name = tls.server_name;
  options.insecure_skip_verify = tls.insecure_skip_verify;
  options.min_tls_version = tls.min_version;
  options.max_tls_version = tls.max_version;
}

void set_proxy_options(const ProxyConfig& proxy, HttpOptions& options) {
  options.proxy_url = proxy.proxy_url;
  options.no_proxy = proxy.no_proxy;
  options.proxy_from_environment = proxy.proxy_from_environment;
  options.proxy_connect_headers.clear();
  for (const auto& [name, values] : proxy.proxy_connect_header) {
    for (const Secret& value : values) options.proxy_connect_headers.push_back(header_line(name, value.value));
  }
}

// libcurl takes "Name:" as a wish to leave that header out.
std::string header_line(const std::string& name, const std::string& value) {
  return value.empty() ? name + ";" : name + ": " + value;
}

}  // namespace hearth
