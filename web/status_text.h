// Status codes of HTTP in words.
#pragma once

#include <string>
#include <string_view>

namespace hearth::web {

std::string_view status_text(int status);  // "Not Found"

// A whole answer that refuses a request before it is one, and ends the connection.
std::string status_line_answer(int status);

}  // namespace hearth::web
