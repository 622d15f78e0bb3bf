// A body in chunks, as it came over the wire, for tests.
#pragma once

#include <string>
#include <string_view>

namespace hearth::web {

// The body that chunks make; "malformed" where they do not end as they should.
inline std::string unchunked(std::string_view wire) {
  std::string body;
  while (true) {
    const size_t line = wire.find("\r\n");
    if (line == std::string_view::npos) return "malformed";
    const size_t size = std::stoul(std::string(wire.substr(0, line)), nullptr, 16);
    wire.remove_prefix(line + 2);
    if (size == 0) return wire == "\r\n" ? body : "malformed";
    body += wire.substr(0, size);
    if (wire.substr(size, 2) != "\r\n") return "malformed";
    wire.remove_prefix(size + 2);
  }
}

}  // namespace hearth::web
