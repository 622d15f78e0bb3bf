// Listening sockets for addresses as --web.listen-address has them.
#pragma once

#include <string>

namespace hearth::web {

// Binds and listens on "host:port", ":port" or "[v6]:port"; port 0 takes a free one. Non-blocking.
// Throws Error(kIo) naming the address.
int listen_on(const std::string& address);

int bound_port(int fd);

}  // namespace hearth::web
