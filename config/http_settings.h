// The parts of an `<http_config>` that the requests for tokens have, too: TLS and proxies.
#pragma once

#include <string>

#include "config/fresh_file.h"
#include "config/http_client_config.h"
#include "core/http_message.h"

namespace hearth {

// Puts in the texts of the files, so that a connection is not used again after one has changed.
// Throws Error for a file that cannot be read or used.
void set_tls_options(const TlsConfig& tls, FreshFiles& files, HttpOptions& options);
void set_proxy_options(const ProxyConfig& proxy, HttpOptions& options);

// A header as it goes out: with an empty value, too.
std::string header_line(const std::string& name, const std::string& value);

}  // namespace hearth
