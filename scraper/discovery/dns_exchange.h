// One question to one DNS server: over UDP, over TCP where the answer is too long for it.
#pragma once

#include <string>

#include "scraper/discovery/dns_message.h"

namespace hearth {

// `server` is an address, or address:port ("[::1]:53") where the port is not 53. Ends early, by an
// Error, when end_fd can be read. Throws Error(kIo) when no answer comes within two seconds.
DnsAnswer dns_exchange(const std::string& server, const std::string& name, DnsType type,
                       int end_fd);

}  // namespace hearth
