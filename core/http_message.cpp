#include "core/http_message.h"

#include <strings.h>

namespace hearth {

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view HttpResponse::header(std::string_view name) const {
  for (const std::string& line : headers) {
    const std::string_view text = line;
    const size_t colon = text.find(':');
    if (!equals_ignoring_case(text.substr(0, colon), name)) continue;
    const size_t value = text.find_first_not_of(" \t", colon + 1);
    return value == std::string_view::npos ? "" : text.substr(value);
  }
  return "";
}

}  // namespace hearth
