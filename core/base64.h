// Bytes as base64 text.
#pragma once

#include <string>
#include <string_view>

namespace hearth {

std::string base64(std::string_view bytes);
std::string base64_url(std::string_view bytes);  // with - and _, and without padding

}  // namespace hearth
