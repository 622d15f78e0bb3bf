// fmt.Sprintf of the values that templates have.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "core/go_text.h"
#include "core/utf8.h"
#include "rules/template_functions.h"

namespace hearth::rules {
namespace {

// %[flags][width][.precision]verb
struct Verb {
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  int width = -1, precision = -1;
  char32_t verb = 0;
};

size_t count_runes(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); i += decode_rune(text.substr(i)).size) ++count;
  return count;
}

std::string padded(const Verb& verb, std::string text, bool number) {
  const size_t length = count_runes(text);
  if (verb.width < 0 || length >= static_cast<size_t>(verb.width)) return text;
  const size_t missing = static_cast<size_t>(verb.width) - length;
  if (verb.minus) return text + std::string(missing, ' ');
  if (!verb.zero) return std::string(missing, ' ') + text;
  const size_t sign = number && !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  return text.substr(0, sign) + std::string(missing, '0') + text.substr(sign);
}

std::string bad_verb(const Verb& verb, const TemplateValue& value) {
  std::string out = "%!";
  append_rune(out, verb.verb);
  if (value.is_nothing()) return out + "(<nil>)";
  return out + "(" + go_type(value) + "=" + value_text(value) + ")";
}

std::string with_sign(const Verb& verb, std::string digits, bool negative) {
  if (negative) return "-" + digits;
  if (verb.plus) return "+" + digits;
  return verb.space ? " " + digits : digits;
}

std::string float_digits(const Verb& verb, double value) {
  const double size = std::fabs(value);
  const int precision = verb.precision;
  switch (verb.verb) {
    case 'f':
    case 'F':
      return fmt::format("{:.{}f}", size, precision < 0 ? 6 : precision);
    case 'e':
      return fmt::format("{:.{}e}", size, precision < 0 ? 6 : precision);
    case 'E':
      return fmt::format("{:.{}E}", size, precision < 0 ? 6 : precision);
    case 'G': {
      std::string out = precision < 0 ? float_g(size) : fmt::format("{:.{}g}", size, precision);
      for (char& c : out) c = c == 'e' ? 'E' : c;
      return out;
    }
    default:  // g, v
      return precision < 0 ? float_g(size) : fmt::format("{:.{}g}", size, precision);
  }
}

std::string float_text(const Verb& verb, double value) {
  constexpr std::u32string_view kVerbs = U"veEfFgG";
  if (kVerbs.find(verb.verb) == std::u32string_view::npos) return bad_verb(verb, value);
  if (!std::isfinite(value)) {
    Verb plain = verb;
    plain.zero = false;
    return padded(plain, float_g(value), true);
  }
  return padded(verb, with_sign(verb, float_digits(verb, value), std::signbit(value)), true);
}

std::string int_text(const Verb& verb, int64_t value, const TemplateValue& whole) {
  const bool negative = value < 0;
  const uint64_t size = negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  std::string digits;
  switch (verb.verb) {
    case 'v':
    case 'd':
      digits = std::to_string(size);
      break;
    case 'b':
      digits = fmt::format("{:b}", size);
      break;
    case 'o':
      digits = (verb.sharp ? "0" : "") + fmt::format("{:o}", size);
      break;
    case 'O':
      digits = "0o" + fmt::format("{:o}", size);
      break;
    case 'x':
      digits = (verb.sharp ? "0x" : "") + fmt::format("{:x}", size);
      break;
    case 'X':
      digits = (verb.sharp ? "0X" : "") + fmt::format("{:X}", size);
      break;
    case 'c': {
      append_rune(digits, static_cast<char32_t>(size));
      return padded(verb, digits, false);
    }
    case 'q': {
      std::string rune;
      append_rune(rune, static_cast<char32_t>(size));
      return padded(verb, "'" + rune + "'", false);
    }
    case 'U':
      return padded(verb, fmt::format("U+{:04X}", size), false);
    default:
      return bad_verb(verb, whole);
  }
  if (verb.precision > 0 && digits.size() < static_cast<size_t>(verb.precision)) {
    digits.insert(0, static_cast<size_t>(verb.precision) - digits.size(), '0');
  }
  return padded(verb, with_sign(verb, std::move(digits), negative), true);
}

std::string cut(const Verb& verb, const std::string& text) {
  if (verb.precision < 0) return text;
  size_t end = 0;
  for (int i = 0; i < verb.precision && end < text.size(); ++i) {
    end += decode_rune(std::string_view(text).substr(end)).size;
  }
  return text.substr(0, end);
}

std::string string_text(const Verb& verb, const std::string& text, const TemplateValue& whole) {
  switch (verb.verb) {
    case 'v':
      return padded(verb, verb.sharp ? go_quote(text) : cut(verb, text), false);
    case 's':
      return padded(verb, cut(verb, text), false);
    case 'q':
      return padded(verb, go_quote(cut(verb, text)), false);
    case 'x':
    case 'X': {
      std::string out;
      for (const char c : cut(verb, text)) {
        const auto byte = static_cast<unsigned char>(c);
        out += verb.verb == 'x' ? fmt::format("{:02x}", byte) : fmt::format("{:02X}", byte);
      }
      return padded(verb, out, false);
    }
    default:
      return bad_verb(verb, whole);
  }
}

std::string formatted(const Verb& verb, const TemplateValue& value) {
  if (verb.verb == 'T') return padded(verb, go_type(value), false);
  if (value.is_nothing())
    return verb.verb == 'v' ? padded(verb, "<nil>", false) : bad_verb(verb, value);
  if (const auto* v = value.as<bool>()) {
    const bool fits = verb.verb == 't' || verb.verb == 'v';
    return fits ? padded(verb, *v ? "true" : "false", false) : bad_verb(verb, value);
  }
  if (const auto* v = value.as<int64_t>()) return int_text(verb, *v, value);
  if (const auto* v = value.as<double>()) return float_text(verb, *v);
  if (const auto* v = value.as<std::string>()) return string_text(verb, *v, value);
  if (const auto* v = value.as<GoDuration>();
      v != nullptr && verb.verb != 'v' && verb.verb != 's') {
    return int_text(verb, v->ns, value);
  }
  return verb.verb == 'v' || verb.verb == 's' ? padded(verb, value_text(value), false)
                                              : bad_verb(verb, value);
}

// Reads what stands after %. One thread.
class VerbReader {
 public:
  VerbReader(std::string_view& rest, std::span<const TemplateValue> arguments, size_t& next)
      : rest_(rest), arguments_(arguments), next_(next) {}

  Verb read() {
    flags();
    verb_.width = number();
    if (verb_.width < -1) {
      verb_.minus = true;
      verb_.width = -verb_.width;
    }
    if (rest_.starts_with('.')) {
      rest_.remove_prefix(1);
      verb_.precision = std::max(number(), 0);
    }
    if (!rest_.empty()) {
      const DecodedRune decoded = decode_rune(rest_);
      verb_.verb = decoded.rune;
      rest_.remove_prefix(decoded.size);
    }
    if (verb_.minus) verb_.zero = false;
    return verb_;
  }

 private:
  void flags() {
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      switch (rest_.front()) {
        case '-':
          verb_.minus = true;
          break;
        case '+':
          verb_.plus = true;
          break;
        case '#':
          verb_.sharp = true;
          break;
        case ' ':
          verb_.space = true;
          break;
        case '0':
          verb_.zero = true;
          break;
        default:
          return;
      }
    }
  }
  // Digits, or * for an argument; -1 where there is none.
  int number() {
    constexpr int kLargest = 1'000'000;
    if (rest_.starts_with('*')) {
      rest_.remove_prefix(1);
      const auto* value = next_ < arguments_.size() ? arguments_[next_++].as<int64_t>() : nullptr;
      return value == nullptr || std::llabs(*value) > kLargest ? -1 : static_cast<int>(*value);
    }
    int out = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (error != std::errc() || rest_.front() == '-' || out > kLargest) return -1;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return out;
  }

  std::string_view& rest_;
  std::span<const TemplateValue> arguments_;
  size_t& next_;
  Verb verb_;
};

}  // namespace

std::string go_sprintf(std::string_view format, std::span<const TemplateValue> arguments) {
  std::string out;
  size_t next = 0;
  while (!format.empty()) {
    const size_t percent = format.find('%');
    out += format.substr(0, percent);
    if (percent == std::string_view::npos) break;
    format.remove_prefix(percent + 1);
    const Verb verb = VerbReader(format, arguments, next).read();
    if (verb.verb == 0) {
      out += "%!(NOVERB)";
      break;
    }
    if (verb.verb == '%') {
      out += '%';
    } else if (next >= arguments.size()) {
      out += "%!";
      append_rune(out, verb.verb);
      out += "(MISSING)";
    } else {
      out += formatted(verb, arguments[next++]);
    }
  }
  if (next < arguments.size()) {
    out += "%!(EXTRA ";
    for (size_t i = next; i < arguments.size(); ++i) {
      const TemplateValue& value = arguments[i];
      out += (i > next ? ", " : "") +
             (value.is_nothing() ? "<nil>" : go_type(value) + "=" + value_text(value));
    }
    out += ")";
  }
  return out;
}

}  // namespace hearth::rules
