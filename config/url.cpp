// URLs as Go's net/url sees them, as far as a configuration can go wrong with them.
#include <fmt/format.h>

#include <algorithm>

#include "config/scalar.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

[[noreturn]] void fail(const std::string& url, const std::string& text) {
  throw Error(ErrorKind::kBadData, "parse " + go_quote(url) + ": " + text);
}

// Cuts "scheme:" off; "" where there is none.
std::string take_scheme(const std::string& url, std::string_view& rest) {
  for (size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (is_letter(c)) continue;
    if (is_digit(c) || c == '+' || c == '-' || c == '.') {
      if (i == 0) return "";
      continue;
    }
    if (c != ':') return "";
    if (i == 0) fail(url, "missing protocol scheme");
    std::string scheme(rest.substr(0, i));
    for (char& letter : scheme)
      letter = static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter | 0x20 : letter);
    rest.remove_prefix(i + 1);
    return scheme;
  }
  return "";
}

void check_escapes(const std::string& url, std::string_view part) {
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') continue;
    if (i + 2 >= part.size() || !is_hex(part[i + 1]) || !is_hex(part[i + 2])) {
      fail(url, "invalid URL escape " + go_quote(part.substr(i, 3)));
    }
    i += 2;
  }
}

void check_host(const std::string& url, std::string_view host) {
  size_t end_of_name = 0;  // where a port may begin
  if (host.starts_with('[')) {
    end_of_name = host.find(']');
    if (end_of_name == std::string_view::npos) fail(url, "missing ']' in host");
    ++end_of_name;
  } else {
    end_of_name = host.find(':');
    if (end_of_name == std::string_view::npos) end_of_name = host.size();
  }
  const std::string_view port = host.substr(end_of_name);
  bool digits = port.empty() || port[0] == ':';
  for (const char c : port.substr(port.empty() ? 0 : 1)) digits = digits && is_digit(c);
  if (!digits) fail(url, "invalid port " + go_quote(port) + " after host");
  for (const char c : host.substr(0, end_of_name)) {
    constexpr std::string_view kAllowed = "!$&'()*+,;=:[]<>\"-._~%";
    if (!is_letter(c) && !is_digit(c) && (c & 0x80) == 0 &&
        kAllowed.find(c) == std::string_view::npos) {
      fail(url, "invalid character " + go_quote(std::string_view(&c, 1)) + " in host name");
    }
  }
}

}  // namespace

Url parse_url(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fail(text, "net/url: invalid control character in URL");
    }
  }
  Url out;
  std::string_view rest = text;
  out.scheme = take_scheme(text, rest);
  if (!rest.starts_with("//")) {
    const std::string_view segment = rest.substr(0, rest.find_first_of("/?#"));
    if (out.scheme.empty() && segment.find(':') != std::string_view::npos) {
      fail(text, "first path segment in URL cannot contain colon");
    }
    out.rest = rest;
    check_escapes(text, rest.substr(0, rest.find('?')));
    return out;
  }
  rest.remove_prefix(2);
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  out.rest = rest.substr(authority.size());
  check_escapes(text, std::string_view(out.rest).substr(0, out.rest.find('?')));
  const size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    out.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  check_host(text, authority);
  out.host = authority;
  return out;
}

namespace {

// What may not stand in a path, up to the query, as Go prints it.
std::string escaped_path(const std::string& rest) {
  const size_t end = std::min(rest.find_first_of("?#"), rest.size());
  std::string out;
  for (const char c : rest.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte > 0x20 && byte < 0x7f && std::string_view("\"<>^`{|}\\").find(c) == std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out + rest.substr(end);
}

}  // namespace

std::string redacted_url(const std::string& text) {
  const Url url = parse_url(text);
  const size_t colon = url.user_info.find(':');
  const size_t path = text.size() - url.rest.size();
  const std::string rest = escaped_path(url.rest);
  if (colon == std::string::npos) return text.substr(0, path) + rest;
  return url.scheme + "://" + url.user_info.substr(0, colon) + ":xxxxx@" + url.host + rest;
}

}  // namespace hearth
