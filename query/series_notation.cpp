#include "query/series_notation.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>

#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/histogram_math.h"
#include "core/sample.h"
#include "core/utf8.h"
#include "query/lexer.h"
#include "query/parse_error.h"
#include "query/parser.h"

namespace hearth::promql {
namespace {

constexpr size_t kMaxValues = 20'000'000;  // of a series

// Reads the values that begin at `pos` of a line. One thread.
class ValueReader {
 public:
  explicit ValueReader(std::string_view text, size_t pos = 0) : text_(text), pos_(pos) {}

  std::vector<SeriesValue> all() {
    std::vector<SeriesValue> values;
    bool apart = pos_ == 0;
    while (true) {
      apart = skip_space() || apart;
      if (peek() == '\n') end_of_line();
      if (pos_ >= text_.size()) return values;
      if (!apart || peek() == 'x') fail_at(pos_, "unexpected " + token());
      item(values);
      if (values.size() > kMaxValues) fail_at(pos_, "too many values in series");
      apart = false;
    }
  }

  std::vector<std::optional<DurationMs>> starts() {
    std::vector<std::optional<DurationMs>> starts;
    for (skip_space(); pos_ < text_.size(); skip_space()) {
      if (accept("_")) {
        starts.resize(starts.size() + (accept("x") ? repetitions() : 1));
        continue;
      }
      DurationMs start = duration();
      const DurationMs increment = peek() == '+' || peek() == '-' ? duration() : 0;
      const size_t more = accept("x") ? repetitions() : 0;
      for (size_t i = 0; i <= more; ++i, start += increment) starts.emplace_back(start);
    }
    return starts;
  }

  [[noreturn]] void unexpected(const std::string& expected = "") const {
    fail_at(pos_, "unexpected " + token() + " in series values" +
                      (expected.empty() ? "" : ", expected " + expected));
  }

 private:
  [[noreturn]] void fail_at(size_t pos, const std::string& what) const {
    throw_parse_error(text_, static_cast<uint32_t>(pos), what);
  }
  std::string token() const;
  std::string rune() const;
  char peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }
  bool accept(std::string_view token) {
    if (text_.substr(pos_, token.size()) != token) return false;
    pos_ += token.size();
    return true;
  }
  bool skip_space() {
    const size_t before = pos_;
    while (peek() == ' ' || peek() == '\t' || peek() == '\r') ++pos_;
    return pos_ > before;
  }
  // No value may follow.
  void end_of_line() {
    while (std::isspace(static_cast<unsigned char>(peek()))) ++pos_;
    if (pos_ < text_.size()) unexpected();
  }

  void item(std::vector<SeriesValue>& values);
  void histogram_item(std::vector<SeriesValue>& values);
  size_t repetitions();
  int32_t integer();
  double number();
  DurationMs duration();
  FloatHistogram histogram(bool& hint_given);
  std::vector<double> list();
  CounterResetHint hint();
  std::string word();

  std::string_view text_;
  size_t pos_ = 0;
};

std::string ValueReader::word() {
  const size_t start = pos_;
  while (std::isalpha(static_cast<unsigned char>(peek())) || peek() == '_') ++pos_;
  return std::string(text_.substr(start, pos_ - start));
}

// What a lexer would see here, as errors name it.
std::string ValueReader::token() const {
  const char c = peek();
  if (pos_ >= text_.size()) return "end of input";
  if (c == '+') return "<op:+>";
  if (c == '-') return "<op:->";
  if (c == 'x') return "\"x\"";
  if (c == '_') return "\"_\"";
  if (c == ' ' || c == ']') return go_quote(text_.substr(pos_, 1));
  if (c == '{' && text_.substr(pos_).starts_with("{{")) return "\"{{\"";
  size_t end = pos_;
  while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) ||
                                text_[end] == '_' || text_[end] == '.')) {
    ++end;
  }
  const std::string_view text = text_.substr(pos_, end - pos_);
  if (std::isdigit(static_cast<unsigned char>(c))) {
    const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    return "number " + go_quote(text.substr(0, digits));
  }
  if (!text.empty() && c != '.') return "identifier " + go_quote(text);
  fail_at(pos_, "unexpected character in series sequence: " + rune());
}

std::string ValueReader::rune() const {
  if (peek() == '\'') return "'\\''";
  std::string out = "'";
  append_rune(out, pos_ < text_.size() ? decode_rune(text_.substr(pos_)).rune : kRuneError);
  return out + "'";
}

size_t ValueReader::repetitions() {
  if (!std::isdigit(static_cast<unsigned char>(peek()))) unexpected();
  size_t count = 0, end = pos_;
  while (end < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[end])) ||
                                text_[end] == '_' || text_[end] == '.')) {
    ++end;
  }
  const std::string_view digits = text_.substr(pos_, end - pos_);
  const bool runs_on = end < text_.size() && text_[end] != 'x' &&
                       std::isalpha(static_cast<unsigned char>(text_[end]));
  if (runs_on || digits.ends_with('_')) fail_at(pos_, "bad number syntax: " + go_quote(digits));
  const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc() || last != digits.data() + digits.size()) {
    fail_at(pos_, "invalid repetition in series values: strconv.ParseUint: parsing " +
                      go_quote(digits) + ": invalid syntax");
  }
  if (count > kMaxValues) fail_at(pos_, "too many values in series");
  pos_ = end;
  return count;
}

int32_t ValueReader::integer() {
  const bool negative = accept("-");
  if (peek() == '+') fail_at(pos_, "histogram description incomplete unexpected: " + rune());
  const auto number = static_cast<int32_t>(repetitions());
  return negative ? -number : number;
}

double ValueReader::number() {
  const bool negative = accept("-");
  const bool sign = negative || accept("+");
  const size_t start = pos_;
  if (std::isalpha(static_cast<unsigned char>(peek()))) {
    const std::string name = word();
    if (!parse_go_float(name)) {
      pos_ = start;
      unexpected(sign ? "" : "number or \"stale\"");
    }
  } else if (std::isdigit(static_cast<unsigned char>(peek())) || peek() == '.') {
    while (std::isdigit(static_cast<unsigned char>(peek())) || peek() == '.' || peek() == '_')
      ++pos_;
    if (peek() == 'e' || peek() == 'E') {
      ++pos_;
      if (peek() == '+' || peek() == '-') ++pos_;
      while (std::isdigit(static_cast<unsigned char>(peek()))) ++pos_;
    }
    if (std::isalpha(static_cast<unsigned char>(peek())) && peek() != 'x') {
      fail_at(start, "bad number syntax: " + go_quote(text_.substr(start, pos_ - start)));
    }
  } else {
    unexpected();
  }
  const auto value = parse_go_float(text_.substr(start, pos_ - start));
  if (!value) {
    fail_at(start, "bad number syntax: " + go_quote(text_.substr(start, pos_ - start)));
  }
  return negative ? -*value : *value;
}

DurationMs ValueReader::duration() {
  const bool negative = accept("-");
  if (!negative) accept("+");
  const size_t start = pos_;
  while (std::isdigit(static_cast<unsigned char>(peek())) ||
         (peek() != '\0' && std::string_view("ywdhms").find(peek()) != std::string_view::npos)) {
    ++pos_;
  }
  const DurationMs value = parse_duration(text_.substr(start, pos_ - start));
  return negative ? -value : value;
}

void ValueReader::item(std::vector<SeriesValue>& values) {
  if (accept("{{")) return histogram_item(values);
  if (accept("_")) {
    const size_t count = accept("x") ? repetitions() : 1;
    values.resize(values.size() + count, SeriesValue{true, 0, {}, false, {}});
    return;
  }
  if (text_.substr(pos_).starts_with("stale") &&
      !std::isalnum(static_cast<unsigned char>(pos_ + 5 < text_.size() ? text_[pos_ + 5] : ' '))) {
    pos_ += 5;
    values.push_back(SeriesValue{false, stale_marker(), {}, false, {}});
    return;
  }
  double value = number();
  double increment = 0;
  const bool changes = peek() == '+' || peek() == '-';
  if (changes) increment = number();
  const bool repeated = accept("x");
  if (changes && !repeated) unexpected();
  const size_t more = repeated ? repetitions() : 0;
  for (size_t i = 0; i <= more; ++i, value += increment) {
    values.push_back(SeriesValue{false, value, {}, false, {}});
  }
}

void ValueReader::histogram_item(std::vector<SeriesValue>& values) {
  bool hint_given = false;
  FloatHistogram current = histogram(hint_given);
  const bool plus = accept("+{{"), minus = !plus && accept("-{{");
  std::optional<FloatHistogram> increment;
  if (plus || minus) {
    increment = histogram(hint_given);
  } else if (peek() == '+' || peek() == '-') {
    ++pos_;
    unexpected();
  }
  const bool repeated = accept("x");
  const size_t last = pos_;
  const size_t more = repeated ? repetitions() : 0;
  if (increment) {
    if (current.schema > increment->schema) {
      fail_at(last, "error combining histograms: cannot merge from schema " +
                        std::to_string(increment->schema) + " to " +
                        std::to_string(current.schema));
    }
  }
  for (size_t i = 0; i <= more; ++i) {
    if (i > 0 && increment) {
      if (!(plus ? add(current, *increment) : subtract(current, *increment))) {
        fail_at(last, "error combining histograms: they are of different kinds");
      }
    }
    values.push_back(SeriesValue{false, 0, current, hint_given, {}});
  }
}

std::vector<double> ValueReader::list() {
  if (!accept("[")) fail_at(pos_, "unexpected " + token() + " in histogram description");
  if (peek() == ']' || peek() == ' ') unexpected();
  std::vector<double> numbers;
  for (; !accept("]"); skip_space()) {
    const char c = peek();
    if (!std::isdigit(static_cast<unsigned char>(c)) && c != '-' && c != '.' && c != 'I' &&
        c != 'i' && c != 'N' && c != 'n') {
      fail_at(pos_, "invalid character in buckets description: " + rune());
    }
    numbers.push_back(number());
  }
  return numbers;
}

CounterResetHint ValueReader::hint() {
  const size_t start = pos_;
  const std::string name = word();
  if (name == "unknown") return CounterResetHint::kUnknown;
  if (name == "reset") return CounterResetHint::kReset;
  if (name == "not_reset") return CounterResetHint::kNotReset;
  if (name == "gauge") return CounterResetHint::kGauge;
  fail_at(start, "bad histogram descriptor found: " + go_quote(name));
}

bool known_key(std::string_view key) {
  constexpr std::string_view kKeys[] = {
      "schema", "sum",       "count",    "z_bucket",      "z_bucket_w",        "buckets",
      "offset", "n_buckets", "n_offset", "custom_values", "counter_reset_hint"};
  return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
}

// After "{{", up to and with "}}".
FloatHistogram ValueReader::histogram(bool& hint_given) {
  FloatHistogram h;
  int32_t offset = 0, negative_offset = 0;
  std::set<std::string> keys;
  hint_given = false;
  for (skip_space(); !accept("}}"); skip_space()) {
    const size_t start = pos_;
    const std::string key = word();
    if (key.empty()) fail_at(pos_, "histogram description incomplete unexpected: " + rune());
    if (!known_key(key)) fail_at(start, "bad histogram descriptor found: " + go_quote(key));
    if (!accept(":")) fail_at(start, "missing `:` for histogram descriptor");
    if (!keys.insert(key).second) {
      fail_at(0, "duplicate key " + go_quote(key) + " in histogram");
    }
    if (std::isalpha(static_cast<unsigned char>(peek())) && key != "counter_reset_hint") {
      const size_t value = pos_;
      const std::string text = word();
      if (!parse_go_float(text)) {
        fail_at(value, "bad histogram descriptor found: " + go_quote(text));
      }
      pos_ = value;
    }
    if (key == "schema") {
      h.schema = integer();
    } else if (key == "sum") {
      h.sum = number();
    } else if (key == "count") {
      h.count = number();
    } else if (key == "z_bucket") {
      h.zero_count = number();
    } else if (key == "z_bucket_w") {
      h.zero_threshold = number();
    } else if (key == "buckets") {
      h.positive_buckets = list();
    } else if (key == "offset") {
      offset = integer();
    } else if (key == "n_buckets") {
      h.negative_buckets = list();
    } else if (key == "n_offset") {
      negative_offset = integer();
    } else if (key == "custom_values") {
      h.custom_values = list();
    } else {
      h.counter_reset_hint = hint();
      hint_given = true;
    }
  }
  const auto one_span = [](const std::vector<double>& buckets, int32_t from) {
    std::vector<HistogramSpan> spans;
    if (!buckets.empty()) spans.push_back({from, static_cast<uint32_t>(buckets.size())});
    return spans;
  };
  h.positive_spans = one_span(h.positive_buckets, offset);
  h.negative_spans = one_span(h.negative_buckets, negative_offset);
  return h;
}

// Nothing at all is a series without labels and values; everything else is told as what a query
// would begin with.
SeriesDescription without_metric(std::string_view line) {
  if (!line.empty() && std::isdigit(static_cast<unsigned char>(line[0]))) {
    ValueReader(line).unexpected();
  }
  Lexer lexer(line);
  const Token token = lexer.next();
  if (token.type == TokenType::kEnd) return {};
  if (token.type == TokenType::kLeftBrace) (void)lexer.next();
  throw_parse_error(line, token.pos, "unexpected " + describe(token) + " in series values");
}

}  // namespace

size_t metric_end(std::string_view line) {
  size_t i = 0;
  const auto in_name = [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalpha(byte) || c == '_' || c == ':' || (i > 0 && std::isdigit(byte));
  };
  while (i < line.size() && in_name(line[i])) ++i;
  size_t brace = i;
  while (brace < line.size() && (line[brace] == ' ' || line[brace] == '\t')) ++brace;
  if (brace == line.size() || line[brace] != '{' || line.substr(brace).starts_with("{{")) return i;
  char quote = 0;
  for (i = brace; i < line.size(); ++i) {
    if (quote != 0) {
      if (line[i] == '\\' && quote != '`')
        ++i;
      else if (line[i] == quote)
        quote = 0;
    } else if (line[i] == '"' || line[i] == '\'' || line[i] == '`') {
      quote = line[i];
    } else if (line[i] == '}') {
      return i + 1;
    }
  }
  return line.size();
}

SeriesDescription parse_series(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const size_t end = metric_end(line);
  SeriesDescription out;
  if (end == 0) return without_metric(line);
  // A metric that is not closed is told from the whole line.
  out.labels = parse_metric(line.substr(0, end));
  out.values = ValueReader(line, end).all();
  return out;
}

std::string histogram_notation(const FloatHistogram& h) {
  std::vector<std::string> parts;
  const auto number = [&](const std::string& key, double value) {
    if (value != 0) parts.push_back(key + ":" + float_g(value));
  };
  const auto list = [&](const std::string& key, const std::vector<double>& values) {
    if (values.empty()) return;
    std::string text = key + ":[";
    for (const double value : values) text += (text.back() == '[' ? "" : " ") + float_g(value);
    parts.push_back(text + "]");
  };
  // In one piece, with zeros where the spans leave buckets out, but none at its ends.
  const auto buckets = [&](const std::string& prefix, const std::vector<HistogramSpan>& spans,
                           const std::vector<double>& from) {
    std::vector<double> dense;
    size_t next = 0;
    for (size_t i = 0; i < spans.size(); ++i) {
      if (i > 0) dense.resize(dense.size() + static_cast<size_t>(spans[i].offset));
      for (uint32_t k = 0; k < spans[i].length; ++k) dense.push_back(from[next++]);
    }
    while (!dense.empty() && dense.back() == 0) dense.pop_back();
    const auto first = std::find_if(dense.begin(), dense.end(), [](double v) { return v != 0; });
    if (first == dense.end()) return;
    const int64_t offset = spans[0].offset + (first - dense.begin());
    if (offset != 0) parts.push_back(prefix + "offset:" + std::to_string(offset));
    dense.erase(dense.begin(), first);
    list(prefix + "buckets", dense);
  };
  if (h.schema != 0) parts.push_back("schema:" + std::to_string(h.schema));
  number("count", h.count);
  number("sum", h.sum);
  number("z_bucket", h.zero_count);
  number("z_bucket_w", h.zero_threshold);
  if (h.schema == kCustomBucketsSchema && h.custom_values.empty()) {
    parts.push_back("custom_values:[]");
  }
  list("custom_values", h.custom_values);
  switch (h.counter_reset_hint) {
    case CounterResetHint::kUnknown:
      break;
    case CounterResetHint::kReset:
      parts.push_back("counter_reset_hint:reset");
      break;
    case CounterResetHint::kNotReset:
      parts.push_back("counter_reset_hint:not_reset");
      break;
    case CounterResetHint::kGauge:
      parts.push_back("counter_reset_hint:gauge");
      break;
  }
  buckets("", h.positive_spans, h.positive_buckets);
  buckets("n_", h.negative_spans, h.negative_buckets);
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : " ") + part;
  return "{{" + out + "}}";
}

std::vector<SeriesValue> parse_values(std::string_view text) { return ValueReader(text).all(); }

std::vector<std::optional<DurationMs>> parse_starts(std::string_view text) {
  return ValueReader(text).starts();
}

}  // namespace hearth::promql
