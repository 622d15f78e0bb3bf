#include "scraper/openmetrics_parser.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "core/go_text.h"

namespace hearth {

ExpositionParser::Token OpenMetricsParser::take(Token token) {
  if (token.begin < end_) {
    last_ = token.begin;
    return token;
  }
  return {last_, end_, kAtEnd};
}

EntryKind OpenMetricsParser::next() {
  start_ = next_;
  const char* p = start_;
  if (p >= end_) fail("data does not end with # EOF");
  last_ = p;
  if (*p == '#') return comment();

  raw_labels_.clear();
  name_set_ = false;
  const char* series_end;
  if (*p == '{') {
    series_end = labels_after(p, Labels::kOfSeries);
  } else if (is_name_start(*p) || *p == ':') {
    series_end = scan_name(p);
    name_ = {p, static_cast<size_t>(series_end - p)};
    name_set_ = true;
    if (series_end < end_ && *series_end == '{') series_end = labels_after(series_end, Labels::kOfSeries);
  } else {
    fail_expected("expected a valid start token", {p, p, kInvalid});
  }
  if (!name_set_) fail_while("metric name not set", number_token(series_end, kValue).end);
  text_ = {start_, static_cast<size_t>(series_end - start_)};
  suffix(start_, series_end);
  return EntryKind::kSeries;
}

EntryKind OpenMetricsParser::comment() {
  const std::string_view rest(start_, static_cast<size_t>(end_ - start_));
  if (rest.starts_with("# HELP ")) return metadata(start_ + 7, EntryKind::kHelp);
  if (rest.starts_with("# TYPE ")) return metadata(start_ + 7, EntryKind::kType);
  if (rest.starts_with("# UNIT ")) return metadata(start_ + 7, EntryKind::kUnit);
  if (rest.starts_with("# EOF")) {
    if (rest != "# EOF" && rest != "# EOF\n") fail("unexpected data after # EOF");
    return EntryKind::kEnd;
  }
  size_t agreed = 0;  // how far the line is one of those four
  for (const std::string_view word : {"# HELP ", "# TYPE ", "# UNIT ", "# EOF"}) {
    size_t length = 0;
    while (length < word.size() && length < rest.size() && word[length] == rest[length]) ++length;
    agreed = std::max(agreed, length);
  }
  fail_expected("expected a valid start token", {start_, start_ + agreed, kInvalid});
}

// `p` is just after the keyword and its space.
EntryKind OpenMetricsParser::metadata(const char* p, EntryKind kind) {
  static constexpr TypeName kTypes[] = {{"counter", MetricType::kCounter},
                                        {"gauge", MetricType::kGauge},
                                        {"histogram", MetricType::kHistogram},
                                        {"gaugehistogram", MetricType::kGaugeHistogram},
                                        {"summary", MetricType::kSummary},
                                        {"info", MetricType::kInfo},
                                        {"stateset", MetricType::kStateSet},
                                        {"unknown", MetricType::kUnknown}};
  const std::string keyword(start_ + 2, 4);
  Token name{p, p, kInvalid};
  if (p < end_ && *p == '"') {
    name = scan_quoted(p, kQuoted, Nul::kStops, Newline::kAllowed);
  } else if (p < end_ && (is_name_start(*p) || *p == ':')) {
    name = {p, scan_name(p), kLabelName};
  }
  name = take(name);
  if (name.is(kInvalid) || name.is(kAtEnd)) fail_expected("expected metric name after " + keyword, name);
  family_ = {name.begin, static_cast<size_t>(name.end - name.begin)};
  if (name.is(kQuoted)) family_ = family_.substr(1, family_.size() - 2);

  const size_t left = static_cast<size_t>(end_ - name.end);
  const char* newline =
      left == 0 ? nullptr : static_cast<const char*>(std::memchr(name.end, '\n', left));
  if (newline == nullptr || *name.end != ' ') fail("expected text in " + keyword);
  const std::string_view rest(name.end + 1, static_cast<size_t>(newline - name.end) - 1);
  switch (kind) {
    case EntryKind::kType: set_metadata_type(rest, kTypes); break;
    case EntryKind::kHelp:
      if (!valid_utf8(rest)) fail("help text " + quote(rest) + " is not a valid utf8 string");
      help_ = unescape(rest, true);
      break;
    default:
      if (!rest.empty() && (!family_.ends_with(rest) || family_.size() < rest.size() + 1 ||
                            family_[family_.size() - rest.size() - 1] != '_')) {
        fail("unit " + quote(rest) + " not a suffix of metric " + quote(family_));
      }
      help_ = rest;
      set_metadata_unit(rest);
  }
  text_ = {start_, static_cast<size_t>(newline - start_)};
  next_ = newline + 1;
  return kind;
}

ExpositionParser::Token OpenMetricsParser::label_token(const char* p, Labels whose) {
  const char c = p < end_ ? *p : '\0';
  Token token{p, p, kInvalid};
  if (c == '}') {
    token = {p, p + 1, kBraceClose};
  } else if (c == '=') {
    token = {p, p + 1, kEqual};
  } else if (c == ',') {
    token = {p, p + 1, kComma};
  } else if (c == '"') {
    token = scan_quoted(p, kQuoted, Nul::kStops,
                        whose == Labels::kOfSeries ? Newline::kAllowed : Newline::kStops);
  } else if (is_name_start(c)) {
    const char* end = p;
    while (end < end_ && (is_name_start(*end) || is_digit(*end))) ++end;
    token = {p, end, kLabelName};
  }
  return take(token);
}

// Reads labels up to the closing brace and returns what follows it.
const char* OpenMetricsParser::labels_after(const char* brace, Labels whose) {
  std::vector<RawLabel>& labels = whose == Labels::kOfSeries ? raw_labels_ : exemplar_labels_;
  last_ = brace;
  Token token = label_token(brace + 1, whose);
  for (;;) {
    if (token.is(kBraceClose)) return token.end;
    const Token name = token;
    const bool quoted = name.is(kQuoted);
    if (!quoted && !name.is(kLabelName)) fail_expected("expected label name", token);
    std::string_view name_text(name.begin, static_cast<size_t>(name.end - name.begin));
    if (quoted) name_text = name_text.substr(1, name_text.size() - 2);

    token = label_token(name.end, whose);
    if (quoted && (token.is(kComma) || token.is(kBraceClose))) {
      if (whose == Labels::kOfExemplar) fail_expected("expected label name", token);
      if (name_set_) fail_while("metric name already set", token.end);
      name_ = name_text;
      name_set_ = true;
      if (token.is(kBraceClose)) return token.end;
      token = label_token(token.end, whose);
      continue;
    }
    if (!token.is(kEqual)) fail_expected("expected equal", token);
    const char* p = token.end;
    token = p < end_ && *p == '"'
                ? scan_quoted(p, kLabelValue,
                              whose == Labels::kOfSeries ? Nul::kSkipped : Nul::kStops, Newline::kStops)
                : Token{p, p, kInvalid};
    token = take(token);
    if (!token.is(kLabelValue)) fail_expected("expected label value", token);
    const std::string_view value(token.begin + 1, static_cast<size_t>(token.end - token.begin) - 2);
    if (!valid_utf8(value)) fail("invalid UTF-8 label value: " + quote({token.begin, value.size() + 2}));
    labels.push_back({name_text, value});

    token = label_token(token.end, whose);
    if (token.is(kComma)) {
      token = label_token(token.end, whose);
    } else if (!token.is(kBraceClose)) {
      fail_expected("expected comma or brace close", token);
    }
  }
}

// One space and what follows it up to the next space or newline.
ExpositionParser::Token OpenMetricsParser::number_token(const char* p, const char* name) {
  if (p >= end_ || *p != ' ') return take({p, p, kInvalid});
  const char* end = p + 1;
  while (end < end_ && *end != ' ' && *end != '\n' && *end != '\0') ++end;
  return take({p, end, end == p + 1 ? kInvalid : name});
}

ExpositionParser::Token OpenMetricsParser::after_value_token(const char* p) {
  if (p < end_ && *p == '\n') return take({p, p + 1, kLinebreak});
  const std::string_view rest(p, static_cast<size_t>(end_ - p));
  if (rest.starts_with(" # {")) return take({p, p + 4, kCommentToken});
  if (rest.starts_with(" # ")) return take({p, p + 3, kInvalid});
  return number_token(p, kTimestamp);
}

double OpenMetricsParser::number(const Token& token) const {
  return parse_float({token.begin + 1, static_cast<size_t>(token.end - token.begin) - 1}, token.end);
}

TimeMs OpenMetricsParser::seconds(const Token& token, const char* what) const {
  const double value = number(token);
  if (!std::isfinite(value)) fail(fmt::format("invalid {} {}", what, float_g(value)));
  const double ms = value * 1000;
  // Out of range is what Go's conversion gives on amd64.
  return std::abs(ms) < 9.2e18 ? static_cast<TimeMs>(ms) : kMinTime;
}

const char* OpenMetricsParser::exemplar_after(const char* brace) {
  exemplar_labels_.clear();
  const char* p = labels_after(brace, Labels::kOfExemplar);
  Token token = number_token(p, kValue);
  if (!token.is(kValue)) fail_expected("expected value after exemplar labels", token);
  exemplar_value_ = number(token);
  has_exemplar_ = true;
  exemplar_has_time_ = false;

  const char* after = token.end;
  if (after >= end_) fail("data does not end with # EOF");
  if (*after == '\n') return after + 1;
  token = number_token(after, kTimestamp);
  if (!token.is(kTimestamp)) fail_expected("expected timestamp or comment", token);
  exemplar_time_ = seconds(token, "exemplar timestamp");
  exemplar_has_time_ = true;
  after = token.end;
  if (after < end_ && *after == '\n') return after + 1;
  fail_expected("expected next entry after exemplar timestamp", number_token(after, kTimestamp));
}

void OpenMetricsParser::suffix(const char* start, const char* series_end) {
  begin_series(start);
  Token token = series_end < end_ && *series_end == '{' ? Token{series_end, series_end + 1, kBraceOpen}
                                                        : number_token(series_end, kValue);
  if (!token.is(kValue)) fail_expected("expected value after metric", token);
  value_ = number(token);

  token = after_value_token(token.end);
  if (token.is(kTimestamp)) {
    time_ = seconds(token, "timestamp");
    has_time_ = true;
    token = after_value_token(token.end);
    if (!token.is(kLinebreak) && !token.is(kCommentToken)) {
      fail_expected("expected next entry after timestamp", token);
    }
  } else if (token.is(kAtEnd)) {
    fail("data does not end with # EOF");
  }
  if (token.is(kInvalid)) {  // Prometheus takes the sample, but then cannot go on
    start_ = token.end;
    if (start_ >= end_) fail("data does not end with # EOF");
    fail_expected("expected a valid start token", after_value_token(start_));
  }
  next_ = token.is(kCommentToken) ? exemplar_after(token.end - 1) : token.end;
}

}  // namespace hearth
