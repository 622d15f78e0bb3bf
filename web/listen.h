// Listening sockets for addresses as --web.listen-address has them.
#pragma once

#include <string>

namespace hearth::web {

// Binds and listens on "host:port", ":port", "[v6]:port" or "unix:///path"; port 0 takes a free
// one. Non-blocking. A socket's file that nobody listens on any more is replaced. Throws Error(kIo)
// naming the address.
int listen_on(const std::string& address);

int bound_port(int fd);  // 0 for a path

// Removes the file of a "unix:///path" that was listened on.
void stop_listening_on(const std::string& address);

}  // namespace hearth::web
