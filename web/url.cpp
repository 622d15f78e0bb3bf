#include "web/url.h"

#include "core/go_text.h"

namespace hearth::web {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Where the first malformed escape starts; npos when there is none.
size_t malformed_escape(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) return i;
    i += 2;
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<std::string> url_decode(std::string_view text, bool plus_is_space) {
  if (malformed_escape(text) != std::string_view::npos) return std::nullopt;
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::string parse_form(std::string_view text, FormPairs& out) {
  std::string first_error;
  const auto failed = [&](std::string error) {
    if (first_error.empty()) first_error = std::move(error);
  };
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (pair.find(';') != std::string_view::npos) {
      failed("invalid semicolon separator in query");
      continue;
    }
    if (const size_t bad = malformed_escape(pair); bad != std::string_view::npos) {
      failed("invalid URL escape " + go_quote(pair.substr(bad, 3)));
      continue;
    }
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value =
        equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
    out.emplace_back(*url_decode(pair.substr(0, equals), true), *url_decode(value, true));
  }
  return first_error;
}

std::string clean_path(std::string_view path) {
  std::string out;
  size_t i = 0;
  while (i < path.size()) {
    const size_t start = path.find_first_not_of('/', i);
    if (start == std::string_view::npos) break;
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view segment = path.substr(start, end - start);
    if (segment == "..") {
      out.resize(out.find_last_of('/') == std::string::npos ? 0 : out.find_last_of('/'));
    } else if (segment != ".") {
      out.append("/").append(segment);
    }
    i = end;
  }
  if (out.empty()) return "/";
  if (path.back() == '/') out.push_back('/');
  return out;
}

std::string url_encode_path(std::string_view path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  static constexpr std::string_view kPlain = "-_.~/:@&=+$,";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlain.find(c) != std::string_view::npos;
    if (plain) {
      out.push_back(c);
    } else {
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

}  // namespace hearth::web
