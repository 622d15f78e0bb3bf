#include "scraper/exposition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/go_text.h"
#include "scraper/line_cache.h"
#include "scraper/metric_family.h"

namespace hearth {
namespace {

constexpr size_t kMaxExcerpt = 1024;  // bytes of the input that an error text may quote

constexpr std::array<bool, 256> make_name_bytes() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] = true;
  table['_'] = table[':'] = true;
  return table;
}
constexpr std::array<bool, 256> kNameBytes = make_name_bytes();

// Undoes \\ and \n, and \" too where `quotes`; other escapes stay as they are.
std::string unescaped_text(std::string_view text, bool quotes) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char following = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (following == 'n') {
      out.push_back('\n');
      ++i;
    } else if (following == '\\' || (following == '"' && quotes)) {
      out.push_back(following);
      ++i;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace

std::string openmetrics_float(double value) {
  if (!std::isfinite(value)) return float_g(value);
  std::string text = float_g(value);
  if (text.find_first_of("e.") == std::string::npos) text += ".0";
  return text;
}

void ExpositionParser::fail(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

std::string ExpositionParser::quote(std::string_view text) {
  if (text.size() <= kMaxExcerpt) return go_quote(text);
  return fmt::format("{}... ({} bytes)", go_quote(text.substr(0, kMaxExcerpt)), text.size());
}

void ExpositionParser::fail_expected(const std::string& expected, const Token& got) const {
  const char* to = std::min(end_, got.end + 1);
  const std::string_view found(got.begin, static_cast<size_t>(to - got.begin));
  const std::string_view entry(start_, static_cast<size_t>(to - start_));
  fail(fmt::format("{}, got {} (\"{}\") while parsing: {}", expected, quote(found), got.name, quote(entry)));
}

void ExpositionParser::fail_while(const std::string& what, const char* to) const {
  const std::string_view entry(start_, static_cast<size_t>(to - start_));
  fail(fmt::format("{} while parsing: {}", what, quote(entry)));
}

double ExpositionParser::parse_float(std::string_view text, const char* to) const {
  if (text.find_first_of("pP_") != std::string_view::npos) {
    fail_while("unsupported character in float", to);
  }
  if (const auto value = parse_go_float(text)) return std::isnan(*value) ? normal_nan() : *value;
  double ignored = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, ignored);
  const bool range = error == std::errc::result_out_of_range && after == end;
  fail_while(fmt::format("strconv.ParseFloat: parsing {}: {}", quote(text),
                         range ? "value out of range" : "invalid syntax"),
             to);
}

const char* ExpositionParser::scan_name(const char* p) const {
  while (p < end_ && kNameBytes[static_cast<uint8_t>(*p)]) ++p;
  return p;
}

ExpositionParser::Token ExpositionParser::scan_quoted(const char* p, const char* name, Nul nul,
                                                      Newline newline) const {
  const char* const begin = p++;
  const auto skip_nuls = [&] {
    while (nul == Nul::kSkipped && p < end_ && *p == '\0') ++p;
  };
  for (skip_nuls(); p < end_; skip_nuls()) {
    const char c = *p;
    if (c == '"') return {begin, p + 1, name};
    if (c == '\0' || (c == '\n' && newline == Newline::kStops)) break;
    ++p;
    if (c != '\\') continue;
    skip_nuls();
    if (p >= end_ || *p == '\n' || *p == '\0') break;
    ++p;
  }
  return {begin, p, kInvalid};
}

void ExpositionParser::begin_series(const char* start) {
  start_ = start;
  has_time_ = has_exemplar_ = false;
}

void ExpositionParser::set_metadata_type(std::string_view text, std::span<const TypeName> known) {
  for (const TypeName& candidate : known) {
    if (candidate.name == text) {
      type_ = candidate.type;
      typed_family_ = family_;
      return;
    }
  }
  fail("invalid metric type " + quote(text));
}

void ExpositionParser::set_metadata_unit(std::string_view unit) {
  unit_ = unit;
  unit_family_ = family_;
}

std::string_view ExpositionParser::unescape(std::string_view text, bool quotes) {
  if (text.find('\\') == std::string_view::npos) return text;
  return unescaped_.emplace_back(unescaped_text(text, quotes));
}

std::string_view ExpositionParser::normalised(std::string_view name, std::string_view value) {
  const bool bound = (type_ == MetricType::kHistogram && name == "le") ||
                     (type_ == MetricType::kSummary && name == "quantile");
  if (!bound) return value;
  const auto number = parse_go_float(value);
  return number ? unescaped_.emplace_back(openmetrics_float(*number)) : value;
}

// Labels that the target exposes under these names give way to what its comments say.
void ExpositionParser::add_type_and_unit_labels(std::string_view name) {
  if (type_ != MetricType::kUnknown && is_of_family(name, typed_family_, type_)) {
    labels_.push_back({kTypeLabel, metric_type_name(type_)});
  }
  if (!unit_.empty() && is_of_family(name, unit_family_, type_)) labels_.push_back({kUnitLabel, unit_});
}

const std::vector<Label>& ExpositionParser::labels() {
  unescaped_.clear();
  labels_.clear();
  labels_.push_back({kMetricName, unescape(name_, true)});
  if (type_and_unit_) add_type_and_unit_labels(labels_.front().value);
  const size_t ours = type_and_unit_ ? labels_.size() : 0;
  for (const RawLabel& raw : raw_labels_) {
    const std::string_view name = unescape(raw.name, true);
    const auto is_ours = [&](const Label& label) { return label.name == name; };
    if (std::any_of(labels_.begin(), labels_.begin() + static_cast<std::ptrdiff_t>(ours), is_ours)) continue;
    labels_.push_back({name, normalised(name, unescape(raw.value, true))});
  }
  return labels_;
}

const std::string_view* ExpositionParser::raw_value(std::string_view label) const {
  for (const RawLabel& raw : raw_labels_) {
    if (raw.name == label) return &raw.value;
  }
  return nullptr;
}

uint64_t ExpositionParser::print_without(std::string_view without, size_t length, uint64_t seed) const {
  const auto add = [&](std::string_view text) { seed = fingerprint(text.data(), text.size(), seed); };
  add(name_.substr(0, length));
  for (const RawLabel& raw : raw_labels_) {
    if (raw.name == without) continue;
    add(raw.name);
    add(raw.value);
  }
  return seed;
}

Exemplar ExpositionParser::exemplar() {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const RawLabel& raw : exemplar_labels_) pairs.emplace_back(raw.name, raw.value);
  return {Labels::from_pairs(std::move(pairs)), exemplar_value_, exemplar_time_, exemplar_has_time_};
}

}  // namespace hearth
