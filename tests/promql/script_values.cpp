// Point lists of series lines: 1+2x3, _x4, stale, {{schema:0 count:1}}+{{count:2}}x5.
#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/histogram_math.h"
#include "core/sample.h"
#include "tests/promql/script.h"

namespace hearth::promql::script {
namespace {

// One thread.
class ValueReader {
 public:
  explicit ValueReader(std::string_view text) : text_(text) {}

  std::vector<Value> all() {
    std::vector<Value> values;
    for (skip_space(); pos_ < text_.size(); skip_space()) item(values);
    return values;
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

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::kBadData, what + " at '" + std::string(text_.substr(pos_)) + "'");
  }
  char peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }
  bool accept(std::string_view token) {
    if (text_.substr(pos_, token.size()) != token) return false;
    pos_ += token.size();
    return true;
  }
  void skip_space() {
    while (pos_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[pos_]))) ++pos_;
  }

  void item(std::vector<Value>& values);
  void histogram_item(std::vector<Value>& values);
  size_t repetitions();
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

size_t ValueReader::repetitions() {
  size_t count = 0;
  const auto [end, error] =
      std::from_chars(text_.data() + pos_, text_.data() + text_.size(), count);
  if (error != std::errc() || count > 1'000'000) fail("bad number of repetitions");
  pos_ = static_cast<size_t>(end - text_.data());
  return count;
}

double ValueReader::number() {
  const bool negative = accept("-");
  if (!negative) accept("+");
  const size_t start = pos_;
  if (std::isalpha(static_cast<unsigned char>(peek()))) {
    word();
  } else {
    while (std::isdigit(static_cast<unsigned char>(peek())) || peek() == '.' || peek() == '_')
      ++pos_;
    if (peek() == 'e' || peek() == 'E') {
      ++pos_;
      if (peek() == '+' || peek() == '-') ++pos_;
      while (std::isdigit(static_cast<unsigned char>(peek()))) ++pos_;
    }
  }
  const auto value = parse_go_float(text_.substr(start, pos_ - start));
  if (!value) fail("bad number");
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

void ValueReader::item(std::vector<Value>& values) {
  if (accept("{{")) return histogram_item(values);
  if (accept("_")) {
    values.resize(values.size() + (accept("x") ? repetitions() : 1), Value{true, 0, {}, false, {}});
    return;
  }
  if (accept("stale")) {
    const size_t more = accept("x") ? repetitions() : 0;
    values.resize(values.size() + more + 1, Value{false, stale_marker(), {}, false, {}});
    return;
  }
  double value = number();
  double increment = 0;
  if (peek() == '+' || peek() == '-') increment = number();
  const size_t more = accept("x") ? repetitions() : 0;
  for (size_t i = 0; i <= more; ++i, value += increment) {
    values.push_back(Value{false, value, {}, false, {}});
  }
}

void ValueReader::histogram_item(std::vector<Value>& values) {
  bool hint_given = false;
  FloatHistogram current = histogram(hint_given);
  const bool plus = accept("+{{"), minus = !plus && accept("-{{");
  std::optional<FloatHistogram> increment;
  if (plus || minus) {
    increment = histogram(hint_given);
    if (current.schema > increment->schema) fail("cannot merge from a lower to a higher schema");
  }
  const size_t more = accept("x") ? repetitions() : 0;
  for (size_t i = 0; i <= more; ++i) {
    if (i > 0 && increment) {
      if (!(plus ? add(current, *increment) : subtract(current, *increment))) {
        fail("histograms of different kinds");
      }
    }
    values.push_back(Value{false, 0, current, hint_given, {}});
  }
}

std::vector<double> ValueReader::list() {
  if (!accept("[")) fail("expected [");
  std::vector<double> numbers;
  for (skip_space(); !accept("]"); skip_space()) numbers.push_back(number());
  return numbers;
}

CounterResetHint ValueReader::hint() {
  const std::string name = word();
  if (name == "unknown") return CounterResetHint::kUnknown;
  if (name == "reset") return CounterResetHint::kReset;
  if (name == "not_reset") return CounterResetHint::kNotReset;
  if (name == "gauge") return CounterResetHint::kGauge;
  fail("unknown counter_reset_hint '" + name + "'");
}

// After "{{", up to and with "}}".
FloatHistogram ValueReader::histogram(bool& hint_given) {
  FloatHistogram h;
  int32_t offset = 0, negative_offset = 0;
  hint_given = false;
  for (skip_space(); !accept("}}"); skip_space()) {
    const std::string key = word();
    if (!accept(":")) fail("expected ':' after '" + key + "'");
    if (key == "schema") {
      h.schema = static_cast<int32_t>(number());
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
      offset = static_cast<int32_t>(number());
    } else if (key == "n_buckets") {
      h.negative_buckets = list();
    } else if (key == "n_offset") {
      negative_offset = static_cast<int32_t>(number());
    } else if (key == "custom_values") {
      h.custom_values = list();
    } else if (key == "counter_reset_hint") {
      h.counter_reset_hint = hint();
      hint_given = true;
    } else {
      fail("unknown part of a histogram '" + key + "'");
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

}  // namespace

std::vector<Value> parse_values(std::string_view text) { return ValueReader(text).all(); }

std::vector<std::optional<DurationMs>> parse_starts(std::string_view text) {
  return ValueReader(text).starts();
}

}  // namespace hearth::promql::script
