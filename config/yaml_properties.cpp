// What may stand before a node of YAML: directives, anchors, tags.
#include "config/yaml_scanner.h"

namespace hearth {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

// %YAML 1.1
// %TAG !handle! prefix
void YamlScanner::directive() {
  end_blocks();
  const YamlMark start = source_.mark();
  source_.skip();
  std::string name;
  while (source_.is_name()) source_.take(name);
  if (name.empty()) fail("could not find expected directive name", start);
  if (!source_.is_space()) fail("found unexpected non-alphabetical character", start);
  YamlToken token;
  token.start = start;
  if (name == "YAML") {
    token.type = Type::kVersionDirective;
    token.value = version(start);
  } else if (name == "TAG") {
    token.type = Type::kTagDirective;
    while (source_.is_blank()) source_.skip();
    token.value = tag_handle(true, start);
    if (!source_.is_blank()) fail("did not find expected whitespace", start);
    while (source_.is_blank()) source_.skip();
    token.suffix = tag_uri("", start);
    if (!source_.is_space()) fail("did not find expected whitespace or line break", start);
  } else {
    fail("found unknown directive name", start);
  }
  token.end = source_.mark();
  while (source_.is_blank()) source_.skip();
  if (source_.at() == '#') source_.skip_line();
  if (!source_.is_break_or_end()) fail("did not find expected comment or line break", start);
  source_.skip_break();
  tokens_.push_back(std::move(token));
}

std::string YamlScanner::version(const YamlMark& start) {
  while (source_.is_blank()) source_.skip();
  const std::string major = version_number(start);
  if (source_.at() != '.') fail("did not find expected digit or '.' character", start);
  source_.skip();
  return major + "." + version_number(start);
}

std::string YamlScanner::version_number(const YamlMark& start) {
  std::string digits;
  while (is_digit(source_.at())) {
    if (digits.size() == 2) fail("found extremely long version number", start);
    source_.take(digits);
  }
  if (digits.empty()) fail("did not find expected version number", start);
  return digits.size() == 2 && digits[0] == '0' ? digits.substr(1) : digits;
}

void YamlScanner::anchor(Type type) {
  save_key();
  key_allowed_ = false;
  const YamlMark start = source_.mark();
  source_.skip();
  std::string name;
  while (source_.is_name()) source_.take(name);
  constexpr std::string_view kMayFollow = "?:,]}%@`";
  const bool ends = source_.is_space() || kMayFollow.find(source_.at()) != std::string_view::npos;
  if (name.empty() || !ends) fail("did not find expected alphabetic or numeric character", start);
  push(type, start);
  tokens_.back().value = std::move(name);
}

// !<uri>, !handle!suffix, !suffix, or a ! alone
void YamlScanner::tag() {
  save_key();
  key_allowed_ = false;
  const YamlMark start = source_.mark();
  std::string handle, suffix;
  if (source_.at(1) == '<') {
    source_.skip();
    source_.skip();
    suffix = tag_uri("", start);
    if (source_.at() != '>') fail("did not find the expected '>'", start);
    source_.skip();
  } else {
    handle = tag_handle(false, start);
    if (handle.size() > 1 && handle.back() == '!') {
      suffix = tag_uri("", start);
    } else {
      suffix = tag_uri(handle, start);
      handle = "!";
      if (suffix.empty()) std::swap(handle, suffix);
    }
  }
  if (!source_.is_space()) fail("did not find expected whitespace or line break", start);
  push(Type::kTag, start);
  tokens_.back().value = std::move(handle);
  tokens_.back().suffix = std::move(suffix);
}

std::string YamlScanner::tag_handle(bool in_directive, const YamlMark& start) {
  if (source_.at() != '!') fail("did not find expected '!'", start);
  std::string handle;
  source_.take(handle);
  while (source_.is_name()) source_.take(handle);
  if (source_.at() == '!') {
    source_.take(handle);
  } else if (in_directive && handle != "!") {
    fail("did not find expected '!'", start);
  }
  return handle;
}

// `head` is what was taken for a handle; its '!' is none of the URI.
std::string YamlScanner::tag_uri(const std::string& head, const YamlMark& start) {
  std::string uri = head.empty() ? "" : head.substr(1);
  bool found = !head.empty();
  constexpr std::string_view kOthers = ";/?:@&=+$,.!~*'()[]";
  for (;;) {
    if (source_.at() == '%') {
      uri_escapes(uri, start);
    } else if (source_.is_name() ||
               (!source_.is_end() && kOthers.find(source_.at()) != std::string_view::npos)) {
      source_.take(uri);
    } else {
      break;
    }
    found = true;
  }
  if (!found) fail("did not find expected tag URI", start);
  return uri;
}

// One character, each of its bytes as %XX.
void YamlScanner::uri_escapes(std::string& into, const YamlMark& start) {
  size_t left = 0;
  do {
    const int high = hex_digit(source_.at(1)), low = hex_digit(source_.at(2));
    if (source_.at() != '%' || high < 0 || low < 0) fail("did not find URI escaped octet", start);
    const int octet = high << 4 | low;
    if (left == 0) {
      left = octet < 0x80             ? 1
             : (octet & 0xE0) == 0xC0 ? 2
             : (octet & 0xF0) == 0xE0 ? 3
             : (octet & 0xF8) == 0xF0 ? 4
                                      : 0;
      if (left == 0) fail("found an incorrect leading UTF-8 octet", start);
    } else if ((octet & 0xC0) != 0x80) {
      fail("found an incorrect trailing UTF-8 octet", start);
    }
    into += static_cast<char>(octet);
    for (int i = 0; i < 3; ++i) source_.skip();
  } while (--left > 0);
}

}  // namespace hearth
