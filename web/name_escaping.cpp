#include "web/name_escaping.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "core/utf8.h"

namespace hearth::web {
namespace {

struct NamedEscaping {
  std::string_view name;
  NameEscaping escaping;
};
constexpr NamedEscaping kEscapings[] = {{"allow-utf-8", NameEscaping::kNone},
                                        {"underscores", NameEscaping::kUnderscores},
                                        {"dots", NameEscaping::kDots},
                                        {"values", NameEscaping::kValues}};

bool is_legacy(uint32_t c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
         (c >= '0' && c <= '9' && !first);
}

void append_escaped(std::string& out, uint32_t rune, bool first, NameEscaping escaping) {
  const bool legacy = is_legacy(rune, first);
  switch (escaping) {
    case NameEscaping::kNone:
      break;
    case NameEscaping::kUnderscores:
      return legacy ? out.push_back(static_cast<char>(rune)) : out.push_back('_');
    case NameEscaping::kDots:
      if (rune == '.') return void(out += "_dot_");
      if (rune == '_' || !legacy) return void(out += "__");
      return out.push_back(static_cast<char>(rune));
    case NameEscaping::kValues:
      if (rune == '_') return void(out += "__");
      if (legacy) return out.push_back(static_cast<char>(rune));
      fmt::format_to(std::back_inserter(out), "_{:x}_", rune);
  }
}

}  // namespace

std::string_view escaping_name(NameEscaping escaping) {
  return std::find_if(std::begin(kEscapings), std::end(kEscapings),
                      [&](const NamedEscaping& e) { return e.escaping == escaping; })
      ->name;
}

bool parse_escaping(std::string_view name, NameEscaping& out) {
  const auto found = std::find_if(std::begin(kEscapings), std::end(kEscapings),
                                  [&](const NamedEscaping& e) { return e.name == name; });
  if (found != std::end(kEscapings)) out = found->escaping;
  return found != std::end(kEscapings);
}

bool is_legacy_name(std::string_view name) {
  for (size_t i = 0; i < name.size(); ++i) {
    if (!is_legacy(static_cast<unsigned char>(name[i]), i == 0)) return false;
  }
  return !name.empty();
}

std::string escape_name(std::string_view name, NameEscaping escaping) {
  const bool as_it_is = escaping == NameEscaping::kNone || name.empty() ||
                        (escaping != NameEscaping::kDots && is_legacy_name(name));
  if (as_it_is) return std::string(name);
  std::string out = escaping == NameEscaping::kValues ? "U__" : "";
  for (size_t i = 0; i < name.size();) {
    const DecodedRune rune = decode_rune(name.substr(i));
    append_escaped(out, rune.rune, i == 0, escaping);
    i += rune.size;
  }
  return out;
}

std::string unescape_name(const std::string& name) {
  if (!name.starts_with("U__")) return name;
  std::string out;
  size_t i = 3;
  while (i < name.size()) {
    if (name[i] != '_') {
      out.push_back(name[i++]);
      continue;
    }
    const size_t end = name.find('_', i + 1);  // _XX_ is a code point, __ an underscore
    if (end == std::string::npos || end - i > 7) return name;
    uint32_t rune = 0;
    const char* const stop = name.data() + end;
    if (end == i + 1) {
      rune = '_';
    } else if (const auto read = std::from_chars(name.data() + i + 1, stop, rune, 16);
               read.ec != std::errc() || read.ptr != stop) {
      return name;
    }
    if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000)) return name;
    append_rune(out, rune);
    i = end + 1;
  }
  return out;
}

}  // namespace hearth::web
