#include "core/uri.h"

#include <algorithm>

namespace hearth {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

void append_escaped(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += {'%', kHex[byte >> 4], kHex[byte & 15]};
}

}  // namespace

std::optional<HostPort> split_host_port(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  if (host.starts_with('[')) {
    if (host.find(']') != host.size() - 1) return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto has_bracket = [](std::string_view text) {
    return text.find_first_of("[]") != std::string_view::npos;
  };
  if (has_bracket(host) || has_bracket(port)) return std::nullopt;
  return HostPort{std::string(host), std::string(port)};
}

std::string query_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
    } else if (c == ' ') {
      out.push_back('+');
    } else {
      append_escaped(out, c);
    }
  }
  return out;
}

std::string path_escape(std::string_view path) {
  static constexpr std::string_view kKept = "$&+,/:;=@";
  std::string out;
  for (const char c : path) {
    if (is_unreserved(c) || kKept.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      append_escaped(out, c);
    }
  }
  return out;
}

std::string encode_query(const QueryParameters& parameters) {
  std::string out;
  for (const auto& [key, values] : parameters) {
    for (const std::string& value : values) {
      if (!out.empty()) out.push_back('&');
      out += query_escape(key) + "=" + query_escape(value);
    }
  }
  return out;
}

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> query_unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return out;
}

}  // namespace

QueryParameters decode_query(std::string_view text) {
  QueryParameters out;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty() || pair.find(';') != std::string_view::npos) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    const auto name = query_unescape(pair.substr(0, equals));
    const auto value = query_unescape(equals < pair.size() ? pair.substr(equals + 1) : "");
    if (name && value) out[*name].push_back(*value);
  }
  return out;
}

}  // namespace hearth
