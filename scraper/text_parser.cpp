#include "scraper/text_parser.h"

#include <charconv>
#include <cstring>

#include "core/go_text.h"

namespace hearth {

const char* TextParser::skip_blanks(const char* p) const {
  while (p < end_ && (*p == ' ' || *p == '\t')) ++p;
  return p;
}

// Past the bytes that may stand in a number, which is checked later.
const char* TextParser::skip_value(const char* p) const {
  while (p < end_ && *p != '{' && *p != ' ' && *p != '\t' && *p != '\n' && *p != '\0') ++p;
  return p;
}

EntryKind TextParser::next() {
  for (;;) {
    start_ = next_;
    const char* p = skip_blanks(start_);
    if (p >= end_ || *p == '\0') return EntryKind::kEnd;
    if (*p == '\n') {
      next_ = p + 1;
      continue;
    }
    if (*p == '#') return comment(p);

    raw_labels_.clear();
    name_set_ = false;
    const char* series_end;
    if (*p == '{') {
      series_end = labels_after(p);
    } else if (is_name_start(*p) || *p == ':') {
      series_end = scan_name(p);
      name_ = {start_, static_cast<size_t>(series_end - start_)};  // blanks before it belong to it
      name_set_ = true;
      const char* brace = skip_blanks(series_end);
      if (brace < end_ && *brace == '{') series_end = labels_after(brace);
    } else {
      fail_expected("expected a valid start token", {p, p, kInvalid});
    }
    if (!name_set_) fail_while("metric name not set", skip_value(skip_blanks(series_end)));
    text_ = {start_, static_cast<size_t>(series_end - start_)};
    suffix(start_, series_end);
    return EntryKind::kSeries;
  }
}

EntryKind TextParser::comment(const char* hash) {
  const char* p = hash + 1;
  if (*p == ' ' || *p == '\t') {
    p = skip_blanks(p);
    const std::string_view rest(p, static_cast<size_t>(end_ - p));
    const bool blank_follows = rest.size() > 4 && (rest[4] == ' ' || rest[4] == '\t');
    if (blank_follows && rest.starts_with("HELP")) return metadata(p + 4, EntryKind::kHelp);
    if (blank_follows && rest.starts_with("TYPE")) return metadata(p + 4, EntryKind::kType);
  } else {
    // Without a blank the lexer is not in its comment state yet, where it would skip NULs.
    const char* stop = p;
    while (*stop != '\n' && *stop != '\0') ++stop;
    if (*stop == '\0') return EntryKind::kEnd;
  }
  const char* newline = static_cast<const char*>(std::memchr(p, '\n', static_cast<size_t>(end_ - p)));
  text_ = {start_, static_cast<size_t>(newline - start_)};
  next_ = newline + 1;
  return EntryKind::kComment;
}

// `p` is just after HELP or TYPE.
EntryKind TextParser::metadata(const char* p, EntryKind kind) {
  static constexpr TypeName kTypes[] = {{"counter", MetricType::kCounter},
                                        {"gauge", MetricType::kGauge},
                                        {"histogram", MetricType::kHistogram},
                                        {"summary", MetricType::kSummary},
                                        {"untyped", MetricType::kUnknown}};
  p = skip_blanks(p);
  Token name{p, p, kInvalid};
  if (p < end_ && *p == '"') {
    name = scan_quoted(p, kQuoted, Nul::kStops, Newline::kAllowed);
    family_ = {name.begin + 1, static_cast<size_t>(name.end - name.begin) - 1};
    if (!name.is(kInvalid)) family_.remove_suffix(1);
  } else if (p < end_ && (is_name_start(*p) || *p == ':')) {
    name = {p, scan_name(p), kQuoted};
    family_ = {name.begin, static_cast<size_t>(name.end - name.begin)};
  }
  if (name.is(kInvalid)) {
    fail_expected(kind == EntryKind::kHelp ? "expected metric name after HELP"
                                           : "expected metric name after TYPE",
                  name);
  }
  const char* newline =
      static_cast<const char*>(std::memchr(name.end, '\n', static_cast<size_t>(end_ - name.end)));
  std::string_view rest(name.end, static_cast<size_t>(newline - name.end));
  rest.remove_prefix(rest.empty() ? 0 : 1);
  if (kind == EntryKind::kType) {
    set_metadata_type(rest, kTypes);
  } else {
    if (!valid_utf8(rest)) fail("help text " + quote(rest) + " is not a valid utf8 string");
    help_ = unescape(rest, false);
  }
  text_ = {start_, static_cast<size_t>(newline - start_)};
  next_ = newline + 1;
  return kind;
}

// A token between braces; `p` is not on a blank.
ExpositionParser::Token TextParser::label_token(const char* p) const {
  if (p >= end_) return {p, p, kInvalid};
  switch (*p) {
    case '}': return {p, p + 1, kBraceClose};
    case '=': return {p, p + 1, kEqual};
    case ',': return {p, p + 1, kComma};
    case '"': return scan_quoted(p, kQuoted, Nul::kStops, Newline::kAllowed);
    default: break;
  }
  if (!is_name_start(*p)) return {p, p, kInvalid};
  const char* end = p;
  while (end < end_ && (is_name_start(*end) || is_digit(*end))) ++end;
  return {p, end, kLabelName};
}

// Reads labels up to the closing brace and returns what follows it.
const char* TextParser::labels_after(const char* brace) {
  const auto next_token = [&](const char* p) { return label_token(skip_blanks(p)); };
  Token token = next_token(brace + 1);
  for (;;) {
    if (token.is(kBraceClose)) return token.end;
    const Token name = token;
    const bool quoted = name.is(kQuoted);
    if (!quoted && !name.is(kLabelName)) fail_expected("expected label name", token);
    std::string_view name_text(name.begin, static_cast<size_t>(name.end - name.begin));
    if (quoted) name_text = name_text.substr(1, name_text.size() - 2);

    token = next_token(name.end);
    if (quoted && (token.is(kComma) || token.is(kBraceClose))) {
      if (name_set_) fail_while("metric name already set", token.end);
      name_ = name_text;
      name_set_ = true;
      if (token.is(kBraceClose)) return token.end;
      token = next_token(token.end);
      continue;
    }
    if (!token.is(kEqual)) fail_expected("expected equal", token);
    const char* p = skip_blanks(token.end);
    token = p < end_ && *p == '"' ? scan_quoted(p, kLabelValue, Nul::kSkipped, Newline::kAllowed)
                                  : Token{p, p, kInvalid};
    if (!token.is(kLabelValue)) fail_expected("expected label value", token);
    const std::string_view value(token.begin + 1, static_cast<size_t>(token.end - token.begin) - 2);
    if (!valid_utf8(value)) fail("invalid UTF-8 label value: " + quote({token.begin, value.size() + 2}));
    raw_labels_.push_back({name_text, value});

    token = next_token(token.end);
    if (token.is(kComma)) token = next_token(token.end);
  }
}

void TextParser::suffix(const char* start, const char* series_end) {
  begin_series(start);
  const char* p = skip_blanks(series_end);
  const char* number = p;
  p = skip_value(p);
  if (p == number) {
    const bool brace = p < end_ && *p == '{';
    fail_expected("expected value after metric", {p, brace ? p + 1 : p, brace ? kBraceOpen : kInvalid});
  }
  value_ = parse_float({number, static_cast<size_t>(p - number)}, p);

  p = skip_blanks(p);
  const char* time = p;
  while (p < end_ && is_digit(*p)) ++p;
  if (p > time) {
    const auto result = std::from_chars(time, p, time_);
    if (result.ec != std::errc()) {
      fail_while("strconv.ParseInt: parsing " + quote({time, static_cast<size_t>(p - time)}) +
                     ": value out of range",
                 p);
    }
    has_time_ = true;
    p = skip_blanks(p);
    if (p < end_ && *p != '\n') {
      const char* digits = p;
      while (digits < end_ && is_digit(*digits)) ++digits;
      fail_expected("expected next entry after timestamp",
                    {p, digits, digits > p ? kTimestamp : kInvalid});
    }
  } else if (p < end_ && *p != '\n') {
    fail_expected("expected timestamp or new record", {p, p, kInvalid});
  }
  next_ = p + 1;
}

}  // namespace hearth
