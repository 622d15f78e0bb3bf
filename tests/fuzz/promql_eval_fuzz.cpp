// Any expression evaluates or is refused. What it gives does not depend on slices or threads, and a
// range query has at each of its times what an instant query has there. The first bytes choose the
// times and what is compared, the others the expression. It is quick with -max_len=48 -entropic=0
// -reload=0 -reduce_inputs=0 -detect_leaks=0, since libFuzzer's choice of inputs otherwise takes
// most of the time, growing with the corpus; and built with
// -fno-sanitize-coverage=trace-cmp,indirect-calls: bytes here are choices, never compared.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>

#include "core/error.h"
#include "query/engine.h"
#include "query/print.h"
#include "tests/fuzz/expression_bytes.h"
#include "tests/fuzz/query_series.h"
#include "tests/fuzz/quick_asan.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

MemoryStorage& storage() {
  static MemoryStorage* const filled = [] {
    auto* made = new MemoryStorage;
    fill(*made);
    return made;
  }();
  return *filled;
}

EngineOptions options(size_t slice_series) {
  EngineOptions made;
  made.slice_series = slice_series;
  if (slice_series == 2) made.settled_share = 0;
  made.max_samples = 20'000;
  made.max_memory_bytes = 4 << 20;
  made.parse = {.experimental_functions = true,
                .extended_range_selectors = true,
                .binop_fill_modifiers = true};
  return made;
}

struct Engines {
  Registry registry, other_registry;
  Pool pool{1};
  Engine whole{options(256), storage(), nullptr, registry};
  Registry third_registry;
  Engine sliced{options(2), storage(), nullptr, other_registry};
  Engine threaded{options(3), storage(), &pool, third_registry};
};

// What a query gives; nullopt where it fails.
std::optional<QueryResult> ask(Engine& engine, const std::string& text, TimeMs start, TimeMs end,
                               DurationMs step) {
  QueryRequest request;
  request.text = text;
  request.start = start;
  request.end = end;
  request.step = step;
  try {
    return engine.run(request);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kInternal || e.kind() == ErrorKind::kTimeout) throw;
    return std::nullopt;
  }
}

// `cancelled`: what may be left of sums or deviations that should be 0.
bool close(double a, double b, double cancelled = 0) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b || std::fabs(a - b) <= cancelled) return true;
  return std::fabs(a - b) <= 1e-9 * std::max(std::fabs(a), std::fabs(b));
}
bool close(const std::vector<double>& a, const std::vector<double>& b, double cancelled) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!close(a[i], b[i], cancelled)) return false;
  }
  return true;
}
bool close(const FloatHistogram& a, const FloatHistogram& b, double cancelled) {
  return a.schema == b.schema && close(a.count, b.count, cancelled) &&
         close(a.sum, b.sum, cancelled) && close(a.zero_count, b.zero_count, cancelled) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         close(a.positive_buckets, b.positive_buckets, cancelled) &&
         close(a.negative_buckets, b.negative_buckets, cancelled) &&
         a.custom_values == b.custom_values;
}

// The points of a result at one time, by labels.
struct At {
  std::map<std::string, double> values;
  std::map<std::string, FloatHistogram> histograms;
};
At points_at(const QueryResult& result, TimeMs t) {
  At found;
  if (result.type == ValueType::kScalar) found.values[labels_text(LabelsView())] = result.scalar.v;
  for (const ResultSeries& series : result.series) {
    const std::string labels = labels_text(series.labels.view());
    for (const Point& point : series.points) {
      if (point.t == t) found.values[labels] = point.v;
    }
    for (const HistogramPoint& point : series.histograms) {
      if (point.t == t) found.histograms.emplace(labels, point.h);
    }
  }
  return found;
}
bool same(const At& a, const At& b, double cancelled = 0) {
  if (a.values.size() != b.values.size() || a.histograms.size() != b.histograms.size())
    return false;
  for (const auto& [labels, value] : a.values) {
    const auto other = b.values.find(labels);
    if (other == b.values.end() || !close(value, other->second, cancelled)) return false;
  }
  for (const auto& [labels, histogram] : a.histograms) {
    const auto other = b.histograms.find(labels);
    if (other == b.histograms.end() || !close(histogram, other->second, cancelled)) return false;
  }
  return true;
}

[[noreturn]] void fail(const char* what, const std::string& text, TimeMs start, TimeMs end,
                       DurationMs step) {
  std::fprintf(stderr, "%s: %s\n  from %lld to %lld by %lld\n", what, text.c_str(),
               static_cast<long long>(start), static_cast<long long>(end),
               static_cast<long long>(step));
  std::abort();
}

bool has_one_of(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return text.find(word) != text.npos; });
}

// Whether an instant query may give something else than a range query gives at that time.
bool looks_at_range(const std::string& text) {
  if (has_one_of(text, {"start()", "end()", "step()", "range()"})) return true;
  // These take what comes first, of equal values at least, and give an order at an instant only.
  size_t ordered = 0;
  for (const std::string word : {"limitk", "limit_ratio", "topk", "bottomk", "sort"}) {
    for (size_t at = 0; (at = text.find(word, at)) != text.npos; at += word.size()) ++ordered;
  }
  // The groups of a range stand in the order of all its steps.
  if (ordered > 1 || (ordered == 1 && has_one_of(text, {"count_values"}))) return true;
  // An aggregation whose operand is the same at every step takes its parameter from the first.
  return has_one_of(text, {"scalar(", "time()"}) &&
         has_one_of(text, {"topk", "bottomk", "quantile", "limitk", "limit_ratio"});
}

// A query, and what else is asked to compare.
struct Case {
  std::string text;
  TimeMs start, end;
  DurationMs step;
};

void expect_printed(const Engine& engine, const Case& c) {
  const ParseOptions& parse = engine.options().parse;
  std::string printed;
  try {
    printed = print(*parse_expr(c.text, parse));
  } catch (const Error&) {
    return;
  }
  if (comparable(print(*parse_expr(printed, parse))) != comparable(printed)) {
    fail("printed otherwise", c.text, c.start, c.end, c.step);
  }
}

void expect_instant(Engine& engine, const Case& c, const std::optional<QueryResult>& range,
                    TimeMs at) {
  if (!range || looks_at_range(c.text)) return;
  const auto instant = ask(engine, c.text, at, at, 0);
  if (!instant) fail("fails at one moment only", c.text, c.start, c.end, c.step);
  if (!same(points_at(*range, at), points_at(*instant, at))) {
    fail("differs from an instant query", c.text, c.start, c.end, c.step);
  }
}

// Whether the last digits of sums, which depend on how series are sliced, may change the whole
// result: they become labels, or decide, or are all that is left and made large. Deviations of
// values near 1e16 have such digits before the point.
bool magnifies_rounding(const std::string& text) {
  if (has_one_of(text, {"stddev", "stdvar"}) &&
      has_one_of(text, {"delta", "rate", "increase", "deriv", "predict_linear", " - "})) {
    return true;
  }
  return has_one_of(text, {"sum", "avg", "stddev", "stdvar"}) &&
         has_one_of(text, {"count_values", " % ", "floor", "ceil", "round", "sgn", " == ", " != ",
                           " < ", " > ", " <= ", " >= ", "topk", "bottomk", "changes", "resets",
                           " </ ", " / ", " ^ ", "1e", "sin", "cos", "tan", "ln(", "log"});
}

void expect_sliced(Engine& engine, const Case& c, const std::optional<QueryResult>& range) {
  const auto sliced = ask(engine, c.text, c.start, c.end, c.step);
  // What the slices hold at once counts, too, so a limit may be met by one of them.
  if (!range || !sliced || magnifies_rounding(c.text)) return;
  const double cancelled = has_one_of(c.text, {"sum", "avg", "stddev", "stdvar"}) ? 1e-12 : 0;
  for (TimeMs t = c.start; t <= c.end; t += c.step) {
    if (!same(points_at(*range, t), points_at(*sliced, t), cancelled))
      fail("depends on slices", c.text, c.start, c.end, c.step);
  }
  if (range->warnings != sliced->warnings || range->infos != sliced->infos) {
    fail("tells something else in slices", c.text, c.start, c.end, c.step);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Engines* const engines = new Engines;
  ExpressionBytes bytes(data, size);
  const uint8_t when = bytes.next(), how = bytes.next();
  constexpr DurationMs kSteps[] = {60'000, 15'000, 1'000, 333'000};
  Case c;
  c.start = (when % 32) * 40'000 + when / 32 * 333;
  c.step = kSteps[how % 4];
  const size_t count = 2 + how / 4 % 4;
  c.end = c.start + static_cast<DurationMs>(count - 1) * c.step;
  c.text = bytes.expression();

  const TimeMs at = c.start + static_cast<DurationMs>(how / 16 % count) * c.step;
  if (bytes.is_window()) {
    ask(engines->whole, c.text, at, at, 0);
    return 0;
  }
  const auto range = ask(engines->whole, c.text, c.start, c.end, c.step);
  // What an answer is compared with costs as much as the answer.
  switch (when % 16) {
    case 0:  // waking a thread takes longer than most of the queries
      expect_sliced(engines->threaded, c, range);
      break;
    case 1:
      expect_printed(engines->whole, c);
      break;
    case 2:
    case 3:
    case 4:
      expect_sliced(engines->sliced, c, range);
      break;
    case 5:
    case 6:
    case 7:
      expect_instant(engines->whole, c, range, at);
      break;
    default:
      break;
  }
  return 0;
}
