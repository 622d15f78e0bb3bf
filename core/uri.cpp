#include "core/uri.h"

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

}  // namespace hearth
