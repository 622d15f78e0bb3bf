#include "scraper/discovery/meta_labels.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

#include "core/error.h"

namespace hearth {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string sanitize_label_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    if (is_plain(c)) {
      name += c;
    } else if (!continues_character(c)) {
      name += '_';
    }
  }
  return name;
}

std::string join_host_port(std::string_view host, std::string_view port) {
  const bool brackets = host.find(':') != std::string_view::npos;
  std::string address = brackets ? "[" + std::string(host) + "]" : std::string(host);
  return address.append(":").append(port);
}

std::string join_host_port(std::string_view host, int64_t port) {
  return join_host_port(host, std::to_string(port));
}

std::string ip_text(std::string_view bytes) {
  if (bytes.substr(0, 12) == std::string_view("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12))
    bytes.remove_prefix(12);
  const auto byte = [&](size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(bytes[i]));
  };
  if (bytes.size() == 4) return fmt::format("{}.{}.{}.{}", byte(0), byte(1), byte(2), byte(3));
  const auto group = [&](size_t i) { return byte(2 * i) << 8 | byte(2 * i + 1); };
  // The longest run of zero groups, the first of equals, of two at least, becomes "::".
  size_t best = 8, best_length = 1;
  for (size_t i = 0; i < 8; ++i) {
    size_t end = i;
    while (end < 8 && group(end) == 0) ++end;
    if (end - i > best_length) {
      best = i;
      best_length = end - i;
    }
  }
  std::string text;
  for (size_t i = 0; i < 8; ++i) {
    if (i == best) {
      text += "::";
      i += best_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    text += fmt::format("{:x}", group(i));
  }
  return text;
}

std::string cidr_address(const std::string& text) {
  const size_t slash = text.find('/');
  const std::string host = text.substr(0, slash);
  const bool v6 = host.find(':') != std::string::npos;
  char bytes[16];
  size_t bits = 0;
  const char* end = text.data() + text.size();
  const char* digits = slash == std::string::npos ? end : text.data() + slash + 1;
  const auto [stop, code] = std::from_chars(digits, end, bits);
  if (code != std::errc() || stop != end || bits > (v6 ? 128u : 32u) ||
      inet_pton(v6 ? AF_INET6 : AF_INET, host.c_str(), bytes) != 1) {
    throw Error(ErrorKind::kBadData, "invalid CIDR address: " + text);
  }
  return ip_text(std::string_view(bytes, v6 ? 16 : 4));
}

std::string bool_text(bool value) { return value ? "true" : "false"; }

std::string surrounded_list(const std::vector<std::string>& values, const std::string& separator) {
  std::string text = separator;
  for (size_t i = 0; i < values.size(); ++i) text += (i > 0 ? separator : "") + values[i];
  return text + separator;
}

}  // namespace hearth
