#include "rules/unit_test.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/histogram_check.h"
#include "query/sample_store.h"
#include "query/series_notation.h"
#include "rules/evaluation.h"
#include "rules/unit_test_text.h"

namespace hearth::rules {
namespace {

std::string go_duration(DurationMs duration) {
  return go_duration_text(GoDuration{duration * 1'000'000});
}

std::map<std::string, std::string> texts_of(LabelsView labels) {
  std::map<std::string, std::string> texts;
  for (const Label& label : labels) texts.emplace(label.name, label.value);
  return texts;
}

// The series of a test, brought into the store as time goes on. One thread.
class Input {
 public:
  // Throws Error(kBadData) with the line that the series would have in a script.
  explicit Input(const TestGroup& group) : interval_(group.interval), start_(group.start) {
    size_t line = 1;
    for (const InputSeries& series : group.input) {
      ++line;
      try {
        promql::SeriesDescription parsed =
            promql::parse_series(series.series + " " + series.values);
        std::erase_if(series_, [&](const One& one) { return one.labels == parsed.labels; });
        series_.push_back({std::move(parsed.labels), std::move(parsed.values), 0});
      } catch (const Error& error) {
        // 1:2: parse error: ...
        const std::string text = error.what();
        size_t end = 0;
        while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
        throw Error(error.kind(), end == 0 || end > 9
                                      ? text
                                      : std::to_string(line - 1 + std::stoul(text.substr(0, end))) +
                                            text.substr(end));
      }
    }
  }

  // Throws Error(kBadData) at what no storage takes, each time anew.
  void load_until(TimeMs t, promql::SampleStore& store) {
    for (One& one : series_) {
      for (; one.next < one.values.size(); ++one.next) {
        const TimeMs at = start_ + static_cast<TimeMs>(one.next) * interval_;
        if (at > t) break;
        const promql::SeriesValue& value = one.values[one.next];
        if (value.omitted) continue;
        if (one.labels.empty()) {
          throw Error(ErrorKind::kBadData, "empty labelset: invalid sample");
        }
        if (value.histogram) {
          if (const std::string fault = histogram_fault(*value.histogram); !fault.empty()) {
            throw Error(ErrorKind::kBadData, fault);
          }
          store.append(one.labels, at, *value.histogram);
        } else {
          store.append(one.labels, at, value.number);
        }
      }
    }
  }

 private:
  struct One {
    Labels labels;
    std::vector<promql::SeriesValue> values;
    size_t next;
  };
  DurationMs interval_;
  TimeMs start_;
  std::vector<One> series_;
};

promql::EngineOptions engine_options(const UnitTestOptions& options) {
  promql::EngineOptions out = options.engine;
  out.max_samples = 10'000;
  out.timeout = 100'000;
  out.default_step = options.evaluation_interval;
  return out;
}

// One test group from beginning to end. One thread.
class Run {
 public:
  Run(const TestGroup& group, const UnitTestOptions& options)
      : group_(group),
        options_(options),
        engine_(engine_options(options), store_, nullptr, registry_) {
    world_.engine = &engine_;
    world_.appender = &store_;
    world_.external_labels = group.external_labels;
    world_.external_url = group.external_url;
  }

  UnitTestResult result() {
    try {
      Input input(group_);
      if (!load_rules() || !alert_tests_are_complete()) return std::move(result_);
      if (!evaluate(input)) return std::move(result_);
    } catch (const Error& error) {
      fail(error.what());
      return std::move(result_);
    }
    for (const ExpressionTest& test : group_.expression_tests) check(test);
    if (options_.dump) dump();
    return std::move(result_);
  }

 private:
  void fail(const std::string& text) { result_.errors.push_back(text); }

  bool load_rules() {
    RuleFileOptions rule_options;
    rule_options.ignore_unknown_fields = options_.ignore_unknown_fields;
    rule_options.expressions = options_.engine.parse;
    for (const std::string& path : options_.rule_files) {
      const RuleFile file = read_rule_file(path, rule_options);
      if (!file.errors.empty()) {
        result_.errors = file.errors;
        return false;
      }
      for (const RuleGroup& group : file.groups) {
        groups_.emplace_back(group, path, group_.interval, 0);
      }
    }
    std::stable_sort(groups_.begin(), groups_.end(),
                     [&](const ActiveGroup& a, const ActiveGroup& b) {
                       return place(a.name()) < place(b.name());
                     });
    return true;
  }
  size_t place(const std::string& name) const {
    const auto found = options_.group_order.find(name);
    return found == options_.group_order.end() ? 0 : found->second;
  }

  bool alert_tests_are_complete() {
    for (const AlertTest& test : group_.alert_tests) {
      if (!test.alert.empty()) continue;
      fail("an item under alert_rule_test misses required attribute alertname at eval_time " +
           duration_text(test.eval_time) +
           (group_.name.empty() ? "" : " (in TestGroup " + group_.name + ")"));
      return false;
    }
    return true;
  }

  DurationMs last_time() const {
    DurationMs last = 0;
    for (const AlertTest& test : group_.alert_tests) last = std::max(last, test.eval_time);
    for (const ExpressionTest& test : group_.expression_tests)
      last = std::max(last, test.eval_time);
    return last;
  }

  // Steps through time; false where a rule failed, or a sample could not be stored.
  bool evaluate(Input& input) {
    std::set<DurationMs> times;
    for (const AlertTest& test : group_.alert_tests) times.insert(test.eval_time);
    auto next = times.begin();
    const DurationMs last = last_time(), step = options_.evaluation_interval;
    bool loaded = true;
    for (DurationMs t = 0; t <= last; t += step) {
      try {
        input.load_until(group_.start + t, store_);
      } catch (const Error& error) {
        fail(error.what());
        loaded = false;
        continue;
      }
      if (!evaluate_groups(t)) return false;
      // Alerts are compared as they are after the last evaluation before their time.
      for (; next != times.end() && t <= *next && *next < t + step; ++next) {
        for (const AlertTest& test : group_.alert_tests) {
          if (test.eval_time == *next) check(test);
        }
      }
    }
    return loaded;
  }

  bool evaluate_groups(DurationMs t) {
    bool good = true;
    for (ActiveGroup& group : groups_) {
      group.evaluate(world_, group_.start + t);
      for (const ActiveRule& rule : group.rules()) {
        if (rule.error().empty()) continue;
        fail("    rule: " + rule.rule().name() + ", time: " + go_duration(t) +
             ", err: " + rule.error());
        good = false;
      }
    }
    return good;
  }

  void check(const AlertTest& test) {
    std::vector<TestAlert> expected, got;
    for (const ExpectedAlert& alert : test.expected) {
      std::map<std::string, std::string> labels = alert.labels;
      labels["alertname"] = test.alert;
      expected.push_back({std::move(labels), alert.annotations});
    }
    for (const ActiveGroup& group : groups_) {
      for (const ActiveRule& rule : group.rules()) {
        if (rule.rule().alert != test.alert) continue;
        for (const auto& item : rule.alerts()) {
          const Alert& alert = item.second;
          if (alert.state == AlertState::kFiring)
            got.push_back({texts_of(alert.labels), alert.annotations});
        }
      }
    }
    std::sort(expected.begin(), expected.end());
    std::sort(got.begin(), got.end());
    if (expected == got) return;
    const std::string head = (group_.name.empty() ? "" : "    name: " + group_.name + ",\n") +
                             "    alertname: " + test.alert +
                             ", time: " + duration_text(test.eval_time) + ", \n        ";
    const std::string indent(12, ' ');
    if (options_.diff) {
      fail(head + "diff: " + alerts_difference(expected, got, indent));
    } else {
      fail(head + "exp:" + alerts_text(expected, indent) +
           ", \n        got:" + alerts_text(got, indent));
    }
  }

  promql::QueryResult ask(const std::string& expr, DurationMs t) {
    promql::QueryRequest request;
    request.text = expr;
    request.start = request.end = group_.start + t;
    return engine_.run(request);
  }

  void check(const ExpressionTest& test) {
    const std::string head =
        "    expr: " + go_quote(test.expr) + ", time: " + duration_text(test.eval_time) + ",";
    std::vector<TestSample> expected, got;
    try {
      got = samples(ask(test.expr, test.eval_time));
      for (const ExpectedSample& sample : test.expected) expected.push_back(parsed(sample));
    } catch (const Error& error) {
      return fail(head + " err: " + error.what());
    }
    sort(expected);
    sort(got);
    const bool same = std::equal(expected.begin(), expected.end(), got.begin(), got.end(),
                                 [&](const TestSample& a, const TestSample& b) {
                                   return a.labels == b.labels && a.histogram == b.histogram &&
                                          equal(a.value, b.value);
                                 });
    if (same) return;
    fail(head + "\n        exp: " + samples_text(expected) + "\n        got: " + samples_text(got));
  }

  // By labels; of equal ones the last comes first, as promtool sorts short lists.
  static void sort(std::vector<TestSample>& samples) {
    std::reverse(samples.begin(), samples.end());
    std::stable_sort(samples.begin(), samples.end(),
                     [](const TestSample& a, const TestSample& b) { return a.labels < b.labels; });
  }

  bool equal(double a, double b) const {
    if (a == b) return true;
    const double infinity = HUGE_VAL;
    return options_.fuzzy_compare &&
           (std::nextafter(a, -infinity) == b || std::nextafter(a, infinity) == b);
  }

  static std::vector<TestSample> samples(const promql::QueryResult& result) {
    if (result.type == promql::ValueType::kScalar) return {{Labels(), result.scalar.v, ""}};
    if (result.type != promql::ValueType::kVector) {
      throw Error(ErrorKind::kExecution, "rule result is not a vector or scalar");
    }
    std::vector<TestSample> out;
    for (const promql::ResultSeries& series : result.series) {
      TestSample sample{series.labels, 0, ""};
      if (series.points.empty()) {
        sample.histogram = promql::histogram_notation(series.histograms.front().h);
      } else {
        sample.value = series.points.front().v;
      }
      out.push_back(std::move(sample));
    }
    return out;
  }

  static TestSample parsed(const ExpectedSample& sample) {
    try {
      TestSample out{promql::parse_metric(sample.labels), sample.value, ""};
      if (sample.histogram.empty()) return out;
      const auto values = promql::parse_series("{} " + sample.histogram).values;
      if (values.size() != 1) {
        throw Error(ErrorKind::kBadData, "expected 1 value, got " + std::to_string(values.size()));
      }
      if (!values[0].histogram) {
        throw Error(ErrorKind::kBadData,
                    "expected histogram, got " + std::to_string(values[0].number));
      }
      out.histogram = promql::histogram_notation(*values[0].histogram);
      return out;
    } catch (const Error& error) {
      throw Error(error.kind(), "labels " + go_quote(sample.labels) + ": " + error.what());
    }
  }

  void dump() {
    const DurationMs at = last_time() / 1000 * 1000 + 1000;
    const promql::QueryResult all = ask("{__name__=~\".+\"}[" + go_duration(at) + "]", at);
    std::string& out = result_.dump;
    out = "DEBUG: Dump of all data (input_series and rules) at " + go_duration(at) + ":\n";
    for (const promql::ResultSeries& series : all.series) {
      out += metric_text(series.labels) + " =>";
      for (const promql::Point& point : series.points) {
        out += "\n" + float_f(point.v) + " @[" + std::to_string(point.t) + "]";
      }
      for (const promql::HistogramPoint& point : series.histograms) {
        out += "\n" + promql::histogram_notation(point.h) + " @[" + std::to_string(point.t) + "]";
      }
      out += "\n";
    }
  }

  const TestGroup& group_;
  const UnitTestOptions& options_;
  Registry registry_;
  promql::SampleStore store_;
  promql::Engine engine_;
  RuleWorld world_;
  std::vector<ActiveGroup> groups_;
  UnitTestResult result_;
};

}  // namespace

UnitTestResult run_unit_test(const TestGroup& group, const UnitTestOptions& options) {
  return Run(group, options).result();
}

}  // namespace hearth::rules
