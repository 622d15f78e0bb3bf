#include "config/yaml_source.h"

#include <cstdint>

#include "core/utf8.h"

namespace hearth {
namespace {

constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf", kUtf16Little = "\xff\xfe",
                           kUtf16Big = "\xfe\xff";
constexpr size_t kDecodedAtOnce = 512;

size_t width_of(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

bool is_allowed(uint32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7E) || c == 0x85 ||
         (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD) ||
         (c >= 0x10000 && c <= 0x10FFFF);
}

// The character at the beginning of `rest`, of `width` bytes; or what is wrong with it.
const char* check_utf8(std::string_view rest, size_t& width) {
  const auto lead = static_cast<unsigned char>(rest[0]);
  width = lead < 0x80             ? 1
          : (lead & 0xE0) == 0xC0 ? 2
          : (lead & 0xF0) == 0xE0 ? 3
          : (lead & 0xF8) == 0xF0 ? 4
                                  : 0;
  if (width == 0) return "invalid leading UTF-8 octet";
  if (width > rest.size()) return "incomplete UTF-8 octet sequence";
  uint32_t c = width == 1 ? lead : lead & (0xFFU >> (width + 1));
  for (size_t i = 1; i < width; ++i) {
    const auto byte = static_cast<unsigned char>(rest[i]);
    if ((byte & 0xC0) != 0x80) return "invalid trailing UTF-8 octet";
    c = c << 6 | (byte & 0x3FU);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < kSmallest[width]) return "invalid length of a UTF-8 sequence";
  if ((c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF) return "invalid Unicode character";
  return is_allowed(c) ? nullptr : "control characters are not allowed";
}

// As UTF-8, up to where it is no UTF-16.
std::string from_utf16(std::string_view text, bool little, std::string& problem) {
  std::string out;
  size_t i = 0;
  const auto unit = [&](size_t at) {
    const auto low = static_cast<unsigned char>(text[at + (little ? 0 : 1)]);
    const auto high = static_cast<unsigned char>(text[at + (little ? 1 : 0)]);
    return static_cast<uint32_t>(low | high << 8);
  };
  for (; i + 2 <= text.size(); i += 2) {
    uint32_t c = unit(i);
    if ((c & 0xFC00) == 0xDC00) {
      problem = "unexpected low surrogate area";
    } else if ((c & 0xFC00) == 0xD800) {
      i += 2;
      if (i + 2 > text.size()) {
        problem = "incomplete UTF-16 surrogate pair";
      } else if ((unit(i) & 0xFC00) != 0xDC00) {
        problem = "expected low surrogate area";
      } else {
        c = 0x10000 + ((c & 0x3FF) << 10) + (unit(i) & 0x3FF);
      }
    }
    if (problem.empty() && !is_allowed(c)) problem = "control characters are not allowed";
    if (!problem.empty()) return out;
    append_rune(out, c);
  }
  if (i < text.size()) problem = "incomplete UTF-16 character";
  return out;
}

}  // namespace

YamlSource::YamlSource(std::string_view text) {
  if (text.starts_with(kUtf16Little) || text.starts_with(kUtf16Big)) {
    text_ = from_utf16(text.substr(2), text.starts_with(kUtf16Little), problem_);
    limit_ = text_.size();
    return;
  }
  if (text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
  text_ = text;
  limit_ = text_.size();
  for (size_t i = 0, width = 0; i < text.size(); i += width) {
    if (const char* wrong = check_utf8(text.substr(i), width); wrong != nullptr) {
      problem_ = wrong;
      limit_ = i / kDecodedAtOnce * kDecodedAtOnce;
      while (limit_ < i && (text[limit_] & 0xC0) == 0x80) ++limit_;
      return;
    }
  }
}

char YamlSource::at_end() const {
  if (!problem_.empty()) throw YamlProblem{problem_, {}, {}, false};
  return '\0';
}

size_t YamlSource::break_size(size_t ahead) const {
  const char c = at(ahead);
  if (c == '\n') return 1;
  if (c == '\r') return at(ahead + 1) == '\n' ? 2 : 1;
  if (c == '\xC2') return at(ahead + 1) == '\x85' ? 2 : 0;
  if (c == '\xE2' && at(ahead + 1) == '\x80') {
    return at(ahead + 2) == '\xA8' || at(ahead + 2) == '\xA9' ? 3 : 0;
  }
  return 0;
}

bool YamlSource::is_name() const {
  const char c = at();
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         c == '-';
}

bool YamlSource::is_document_indicator(char of) const {
  return mark_.column == 0 && at(0) == of && at(1) == of && at(2) == of && is_space(3);
}

void YamlSource::skip() {
  if (pos_ >= limit_) return;
  pos_ += width_of(text_[pos_]);
  ++mark_.index;
  ++mark_.column;
}

void YamlSource::skip_break() {
  const size_t size = break_size(0);
  if (size == 0) return;
  mark_.index += at() == '\r' ? size : 1;
  pos_ += size;
  ++mark_.line;
  mark_.column = 0;
}

void YamlSource::skip_line() {
  while (!is_break_or_end()) skip();
}

void YamlSource::take(std::string& into) {
  const size_t from = pos_;
  skip();
  into.append(text_, from, pos_ - from);
}

void YamlSource::take_break(std::string& into) {
  const size_t from = pos_;
  skip_break();
  if (pos_ - from == 3) {  // the separators of lines and paragraphs stay what they are
    into.append(text_, from, 3);
  } else if (pos_ > from) {
    into += '\n';
  }
}

void YamlSource::end_line() {
  if (mark_.column == 0) return;
  mark_.column = 0;
  ++mark_.line;
}

}  // namespace hearth
