#include "tests/promql/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/go_text.h"
#include "core/histogram_math.h"
#include "core/regex.h"

namespace hearth::promql::script {
namespace {

using Kind = Expectation::Kind;

bool side_equal(const std::vector<HistogramSpan>& spans, const std::vector<double>& buckets,
                const std::vector<HistogramSpan>& other_spans, const std::vector<double>& others) {
  return spans == other_spans &&
         std::equal(buckets.begin(), buckets.end(), others.begin(), others.end(),
                    [](double a, double b) { return nearly_equal(a, b); });
}

std::string hint_text(CounterResetHint hint) {
  constexpr const char* kNames[] = {"unknown", "reset", "not_reset", "gauge"};
  return kNames[static_cast<size_t>(hint)];
}

std::string numbers_text(const std::vector<double>& numbers) {
  std::string out = "[";
  for (const double x : numbers) out += (out.size() > 1 ? " " : "") + float_g(x);
  return out + "]";
}

std::string side_text(const std::string& name, const std::vector<HistogramSpan>& spans,
                      const std::vector<double>& buckets) {
  if (buckets.empty()) return "";
  std::string out = " " + name + ":";
  for (const HistogramSpan& span : spans) {
    out += std::to_string(span.offset) + "," + std::to_string(span.length) + ";";
  }
  return out + numbers_text(buckets);
}

std::string histogram_text(const FloatHistogram& h) {
  std::string out = "{{schema:" + std::to_string(h.schema) + " count:" + float_g(h.count) +
                    " sum:" + float_g(h.sum);
  if (h.zero_count != 0 || h.zero_threshold != 0) {
    out += " z_bucket:" + float_g(h.zero_count) + " z_bucket_w:" + float_g(h.zero_threshold);
  }
  if (!h.custom_values.empty()) out += " custom_values:" + numbers_text(h.custom_values);
  out += side_text("buckets", h.positive_spans, h.positive_buckets);
  out += side_text("n_buckets", h.negative_spans, h.negative_buckets);
  return out + " hint:" + hint_text(h.counter_reset_hint) + "}}";
}

std::string value_text(const Value& value) {
  if (value.omitted) return "_";
  return value.histogram ? histogram_text(*value.histogram) : float_g(value.number);
}

// The points of a series by time, floats and histograms together.
struct Seen {
  const Point* point = nullptr;
  const HistogramPoint* histogram = nullptr;
};
std::map<TimeMs, Seen> by_time(const ResultSeries& series) {
  std::map<TimeMs, Seen> seen;
  for (const Point& p : series.points) seen[p.t].point = &p;
  for (const HistogramPoint& p : series.histograms) seen[p.t].histogram = &p;
  return seen;
}

std::string seen_text(const Seen& seen) {
  if (seen.histogram != nullptr) return histogram_text(seen.histogram->h);
  return seen.point != nullptr ? float_g(seen.point->v) : "nothing";
}

bool equal_point(const Value& expected, const Seen& seen) {
  if (expected.omitted) return seen.point == nullptr && seen.histogram == nullptr;
  if (expected.histogram) {
    return seen.point == nullptr && seen.histogram != nullptr &&
           nearly_equal(expected, seen.histogram->h);
  }
  return seen.histogram == nullptr && seen.point != nullptr &&
         nearly_equal(expected.number, seen.point->v);
}

std::string compare_series(const SeriesLine& expected, const ResultSeries& series,
                           const TimeSteps& at) {
  std::map<TimeMs, Seen> seen = by_time(series);
  TimeMs t = at.start;
  for (size_t i = 0; i < expected.values.size(); ++i, t += at.step) {
    if (t > at.end) return metric_text(expected.labels) + ": more points expected than steps";
    const Seen here = seen[t];
    if (!equal_point(expected.values[i], here)) {
      return metric_text(expected.labels) + " at " + std::to_string(t) + " ms: expected " +
             value_text(expected.values[i]) + ", got " + seen_text(here);
    }
    seen.erase(t);
  }
  if (seen.empty()) return "";
  return metric_text(expected.labels) + ": unexpected point at " +
         std::to_string(seen.begin()->first) + " ms: " + seen_text(seen.begin()->second);
}

std::string compare_all_series(const Eval& eval, const QueryResult& result, const TimeSteps& at) {
  if (eval.scalar) return "expected the scalar " + float_g(*eval.scalar) + ", got series";
  std::map<Labels, const ResultSeries*> seen;
  for (const ResultSeries& series : result.series) {
    if (!seen.emplace(series.labels, &series).second) {
      return "the series " + metric_text(series.labels) + " came twice";
    }
  }
  for (size_t i = 0; i < eval.series.size(); ++i) {
    const SeriesLine& expected = eval.series[i];
    const auto found = seen.find(expected.labels);
    if (found == seen.end()) return "missing series " + metric_text(expected.labels);
    if (eval.ordered && found->second != &result.series[i]) {
      return "the series " + metric_text(expected.labels) + " is not at position " +
             std::to_string(i + 1);
    }
    const std::string problem = compare_series(expected, *found->second, at);
    if (!problem.empty()) return problem;
    seen.erase(found);
  }
  return seen.empty() ? "" : "unexpected series " + metric_text(seen.begin()->first);
}

bool text_matches(const Expectation& e, const std::string& text) {
  if (e.text) return *e.text == text;
  return !e.regex || Regex("(?s:.*)(?:" + *e.regex + ")(?s:.*)").matches(text);
}

// Positions in the query, " (1:5)", are not part of what scripts expect.
std::string without_position(const std::string& text) {
  const size_t open = text.rfind(" (");
  if (open == std::string::npos || text.back() != ')') return text;
  const std::string inside = text.substr(open + 2, text.size() - open - 3);
  const bool position = !inside.empty() && inside.find(':') != std::string::npos &&
                        inside.find_first_not_of("0123456789:") == std::string::npos;
  return position ? text.substr(0, open) : text;
}

std::string compare_told(const Eval& eval, Kind wanted, Kind unwanted,
                         const std::vector<std::string>& told, const std::string& name) {
  std::vector<const Expectation*> expected;
  for (const Expectation& e : eval.expectations) {
    if (e.kind == unwanted && !told.empty()) return "unexpected " + name + ": " + told.front();
    if (e.kind == wanted) expected.push_back(&e);
  }
  if (expected.empty()) return "";
  if (told.empty()) return "expected a " + name + ", got none";
  for (const Expectation* e : expected) {
    if (std::none_of(told.begin(), told.end(),
                     [&](const std::string& t) { return text_matches(*e, without_position(t)); })) {
      return "expected the " + name + " '" + e->text.value_or(e->regex.value_or("")) + "', got '" +
             without_position(told.front()) + "'";
    }
  }
  for (const std::string& t : told) {
    if (std::none_of(expected.begin(), expected.end(),
                     [&](const Expectation* e) { return text_matches(*e, without_position(t)); })) {
      return "unexpected " + name + ": " + t;
    }
  }
  return "";
}

}  // namespace

bool nearly_equal(double a, double b) {
  if (is_stale(a) || is_stale(b)) return is_stale(a) && is_stale(b);
  if ((std::isnan(a) && std::isnan(b)) || a == b) return true;
  constexpr double kEpsilon = 1e-6;
  constexpr double kSmallest = std::numeric_limits<double>::min();
  const double sum = std::fabs(a) + std::fabs(b), difference = std::fabs(a - b);
  if (a == 0 || b == 0 || sum < kSmallest) return difference < kEpsilon * kSmallest;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kEpsilon;
}

bool nearly_equal(const Value& expected, const FloatHistogram& seen) {
  FloatHistogram a = *expected.histogram, b = seen;
  compact(a);
  compact(b);
  return a.schema == b.schema && nearly_equal(a.count, b.count) && nearly_equal(a.sum, b.sum) &&
         (!expected.hint_given || a.counter_reset_hint == b.counter_reset_hint) &&
         a.custom_values == b.custom_values && a.zero_threshold == b.zero_threshold &&
         nearly_equal(a.zero_count, b.zero_count) &&
         side_equal(a.positive_spans, a.positive_buckets, b.positive_spans, b.positive_buckets) &&
         side_equal(a.negative_spans, a.negative_buckets, b.negative_spans, b.negative_buckets);
}

bool expects_error(const Eval& eval) {
  return std::any_of(eval.expectations.begin(), eval.expectations.end(),
                     [](const Expectation& e) { return e.kind == Kind::kFail; });
}

std::string compare_error(const Eval& eval, const std::string& error) {
  for (const Expectation& e : eval.expectations) {
    if (e.kind == Kind::kFail && !text_matches(e, error)) {
      return "expected the error '" + e.text.value_or(e.regex.value_or("")) + "', got '" + error +
             "'";
    }
  }
  return "";
}

std::string compare_annotations(const Eval& eval, const QueryResult& result) {
  const std::string problem =
      compare_told(eval, Kind::kWarn, Kind::kNoWarn, result.warnings, "warning");
  return problem.empty() ? compare_told(eval, Kind::kInfo, Kind::kNoInfo, result.infos, "info")
                         : problem;
}

std::string compare_result(const Eval& eval, const QueryResult& result) {
  switch (result.type) {
    case ValueType::kScalar:
      if (!eval.scalar) return "unexpected scalar " + float_g(result.scalar.v);
      return nearly_equal(*eval.scalar, result.scalar.v)
                 ? ""
                 : "expected " + float_g(*eval.scalar) + ", got " + float_g(result.scalar.v);
    case ValueType::kString:
      if (!eval.string) return "unexpected string " + go_quote(result.string);
      return *eval.string == result.string
                 ? ""
                 : "expected " + go_quote(*eval.string) + ", got " + go_quote(result.string);
    default:
      if (eval.string) return "expected the string " + go_quote(*eval.string) + ", got series";
      if (eval.instant && eval.range_vector.has_value() != (result.type == ValueType::kMatrix)) {
        return eval.range_vector ? "expected a range vector, got an instant vector"
                                 : "expected an instant vector, got a range vector";
      }
      return compare_all_series(eval, result, eval.range_vector.value_or(eval.at));
  }
}

}  // namespace hearth::promql::script
