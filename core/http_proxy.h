// Which proxy a request goes through, by the rules of Go.
#pragma once

#include <string>

#include "core/http_message.h"

namespace hearth {

// "" = none: there is no proxy, or the host is one that no_proxy names (hosts, domains, addresses, networks,
// each with or without a port, or *), or beside a no_proxy the machine itself.
std::string proxy_for(const HttpOptions& options, const std::string& url);

}  // namespace hearth
