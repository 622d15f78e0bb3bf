// --web.config.file: TLS, headers, passwords and the rate of requests, as exporter-toolkit of
// Prometheus reads them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/http_client_config.h"

namespace hearth {

// tls_server_config. Immutable once loaded.
struct TlsServerConfig {
  std::string cert, cert_file, key_file, client_ca, client_ca_file;
  Secret key;
  std::string client_auth_type;
  std::vector<std::string> client_allowed_sans;
  std::vector<std::string> cipher_suites, curve_preferences;  // Go's names; empty = Go's choice
  std::string min_version, max_version;  // "TLS10" to "TLS13"; "" = Go's choice

  bool enabled() const;  // any of what makes a server one of TLS is there
};

// Immutable once loaded.
struct WebConfig {
  TlsServerConfig tls;
  std::map<std::string, std::string> headers;
  double rate_interval_seconds = 0;  // 0 = no limit
  int64_t rate_burst = 0;
  std::map<std::string, std::string> users;  // to bcrypt hashes
};

// An empty file means none of it. Files that it names are relative to its folder, and not read
// here. Throws Error(kBadData) in Prometheus' words, Error(kIo) when it cannot be read.
WebConfig load_web_config(const std::string& path);
WebConfig parse_web_config(const std::string& text, const std::string& base_dir);

// A file's text. Throws Error(kIo) in Go's words: "open cert.pem: no such file or directory".
std::string read_named_file(const std::string& path);

}  // namespace hearth
