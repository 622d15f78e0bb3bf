// Bytes as base64 text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth {

std::string base64(std::string_view bytes);
std::string base64_url(std::string_view bytes);  // with - and _, and without padding

// With its padding; line ends are passed over. nullopt where it is malformed.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace hearth
