// URLs as Go's net/url sees them, as far as a configuration can go wrong with them.
#include <arpa/inet.h>
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

void check_escapes(const std::string& url, std::string_view part, bool host = false) {
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') continue;
    const std::string_view escape = part.substr(i, 3);
    const bool whole = escape.size() == 3 && is_hex(escape[1]) && is_hex(escape[2]);
    // A host may escape only what is not ASCII, and its % itself.
    if (!whole || (host && escape[1] < '8' && escape != "%25")) {
      fail(url, "invalid URL escape " + go_quote(escape));
    }
    i += 2;
  }
}

void check_port(const std::string& url, std::string_view port) {
  bool digits = port.empty() || port[0] == ':';
  for (const char c : port.substr(port.empty() ? 0 : 1)) digits = digits && is_digit(c);
  if (!digits) fail(url, "invalid port " + go_quote(port) + " after host");
}

bool is_ipv6(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

void check_host(const std::string& url, std::string_view host) {
  const size_t open = host.rfind('['), close = host.rfind(']');
  if (open != std::string_view::npos && open > 0) fail(url, "invalid IP-literal");
  if (open == 0 && close == std::string_view::npos) fail(url, "missing ']' in host");
  std::string_view name = host;
  if (open == 0) {
    check_port(url, host.substr(close + 1));
    name = host.substr(1, close - 1);
  } else if (const size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    check_port(url, host.substr(colon));
  }
  check_escapes(url, name.substr(0, name.find("%25")), true);
  for (const char c : host) {
    constexpr std::string_view kAllowed = "!$&'()*+,;=:[]<>\"-._~%";
    if (!is_letter(c) && !is_digit(c) && (c & 0x80) == 0 &&
        kAllowed.find(c) == std::string_view::npos) {
      fail(url, "invalid character " + go_quote(std::string_view(&c, 1)) + " in host name");
    }
  }
  if (open != 0) return;
  const std::string address(name.substr(0, name.find("%25")));
  if (!is_ipv6(address)) {
    fail(url, "invalid host: ParseAddr(" + go_quote(address) + "): unable to parse IP");
  }
}

void check_user_info(const std::string& url, std::string_view user_info) {
  for (const char c : user_info) {
    constexpr std::string_view kAllowed = "-._:~!$&'()*+,;=%@";
    if (!is_letter(c) && !is_digit(c) && kAllowed.find(c) == std::string_view::npos) {
      fail(url, "net/url: invalid userinfo");
    }
  }
  check_escapes(url, user_info);
}

}  // namespace

Url parse_url(const std::string& whole) {
  const size_t hash = std::min(whole.find('#'), whole.size());
  const std::string text = whole.substr(0, hash);  // what errors show
  const std::string fragment = whole.substr(hash);
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fail(text, "net/url: invalid control character in URL");
    }
  }
  Url out;
  std::string_view rest = text;
  out.scheme = take_scheme(text, rest);
  const std::string_view path = rest.substr(0, rest.find('?'));
  out.rest = std::string(rest) + fragment;
  if (!path.starts_with('/')) {
    if (out.scheme.empty() && path.substr(0, path.find('/')).find(':') != std::string_view::npos) {
      fail(text, "first path segment in URL cannot contain colon");
    }
    // With a scheme it is opaque: nobody looks into it.
    if (out.scheme.empty()) check_escapes(text, path);
  } else if (!path.starts_with("//") || (out.scheme.empty() && path.starts_with("///"))) {
    check_escapes(text, path);
  } else {
    std::string_view authority = path.substr(2, path.find('/', 2) - 2);
    out.rest.erase(0, 2 + authority.size());
    const size_t at = authority.rfind('@');
    const size_t host = at == std::string_view::npos ? 0 : at + 1;
    check_host(text, authority.substr(host));
    if (host > 0) {
      out.user_info = authority.substr(0, at);
      check_user_info(text, out.user_info);
    }
    out.host = authority.substr(host);
    check_escapes(text, path.substr(2 + authority.size()));
  }
  check_escapes(whole, fragment);
  return out;
}

namespace {

// What may not stand in a path, up to the query, as Go prints it.
std::string escaped_path(const std::string& rest) {
  const size_t end = std::min(rest.find_first_of("?#"), rest.size());
  std::string out;
  for (const char c : rest.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte > 0x20 && byte < 0x7f &&
                       std::string_view("\"<>^`{|}\\").find(c) == std::string_view::npos;
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
