#include "config/environment.h"

namespace hearth {
namespace {

bool is_special(char c) {
  return std::string_view("*#$@!?-").find(c) != std::string_view::npos || (c >= '0' && c <= '9');
}
bool is_name(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The name at the beginning of `rest`, which follows a dollar; `taken` is how much belongs to it.
std::string_view variable_name(std::string_view rest, size_t& taken) {
  if (rest[0] == '{') {
    const size_t end = rest.find('}');
    taken = end == std::string_view::npos ? 1 : end + 1;  // what is not closed is swallowed
    return end == std::string_view::npos ? std::string_view() : rest.substr(1, end - 1);
  }
  taken = is_special(rest[0]) ? 1 : 0;
  if (taken == 0) {
    while (taken < rest.size() && is_name(rest[taken])) ++taken;
  }
  return rest.substr(0, taken);
}

}  // namespace

std::string expand_variables(std::string_view text,
                             const std::function<std::string(const std::string&)>& lookup) {
  std::string out;
  size_t dollar;
  while ((dollar = text.find('$')) != std::string_view::npos && dollar + 1 < text.size()) {
    out += text.substr(0, dollar);
    text.remove_prefix(dollar + 1);
    size_t taken = 0;
    const std::string_view name = variable_name(text, taken);
    if (taken == 0) {
      out += '$';
    } else if (name == "$") {
      out += '$';
    } else if (!name.empty()) {
      out += lookup(std::string(name));
    }
    text.remove_prefix(taken);
  }
  return out += text;
}

}  // namespace hearth
