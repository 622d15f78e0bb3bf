// hearthtool tsdb create-blocks-from rules: what recording rules would have written, asked of a
// server.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cmd/tool/api_client.h"
#include "cmd/tool/commands.h"
#include "cmd/tool/create_blocks.h"
#include "cmd/tool/exit_code.h"
#include "cmd/tool/progress.h"
#include "cmd/tool/query_answer.h"
#include "cmd/tool/query_matrix.h"
#include "cmd/tool/tool_time.h"
#include "core/go_text.h"
#include "rules/rule_file.h"

namespace hearth {
namespace {

constexpr double kNotYetInBlocks = 3 * 3600.0;  // seconds before now that are left to the server

// When a group is evaluated: each interval, shifted by a hash so that load spreads, as a server
// does.
class Schedule {
 public:
  Schedule(const std::string& file, const std::string& group, double interval_seconds)
      : interval_(static_cast<int64_t>(interval_seconds * 1e9)),
        offset_(static_cast<int64_t>(Labels{{"file", file}, {"name", group}}.hash() %
                                     static_cast<uint64_t>(interval_))) {}

  double interval_seconds() const { return static_cast<double>(interval_) / 1e9; }
  // The first evaluation that is not before these seconds.
  double first_from(int64_t seconds) const {
    const int64_t from = seconds * 1'000'000'000 - offset_;
    int64_t next = from - from % interval_ + offset_;
    while (next / 1'000'000'000 < seconds) next += interval_;
    return static_cast<double>(next / 1'000'000'000) +
           static_cast<double>(next % 1'000'000'000) / 1e9;
  }

 private:
  int64_t interval_, offset_;  // nanoseconds
};

// A recording rule and when it is evaluated.
struct ScheduledRule {
  rules::Rule rule;
  rules::RuleLabels labels;  // its own and its group's
  Schedule schedule;
};

std::vector<ScheduledRule> read_rules(const CommandInput& input) {
  std::vector<ScheduledRule> out;
  for (const std::string& path : input.arguments) {
    rules::RuleFile file = rules::read_rule_file(path);
    for (const std::string& error : file.errors) {
      fmt::print(stderr, "rule importer parse error: {}\n", error);
    }
    if (!file.errors.empty()) throw Error(ErrorKind::kBadData, "reading rule files failed");
    for (const rules::RuleGroup& group : file.groups) {
      const double step = group.interval > 0 ? static_cast<double>(group.interval) / 1000
                                             : input.seconds("eval-interval");
      if (!(step > 0)) throw Error(ErrorKind::kBadData, "the evaluation interval is not positive");
      for (const rules::Rule& rule : group.rules) {
        if (rule.record.empty()) continue;
        out.push_back({rule, rules::merged_labels(group.labels, rule.labels),
                       Schedule(path, group.name, step)});
      }
    }
  }
  return out;
}

// What all rules give in two hours: several rules may write one series. One thread.
class Portion {
 public:
  void add(const std::string& data, const ScheduledRule& rule) {
    const auto matrix = read_matrix(data);
    if (!matrix) throw Error(ErrorKind::kUnavailable, "rule result is wrong type");
    for (const ShownSeries& series : *matrix) {
      LabelsBuilder builder(series.labels);
      builder.set(kMetricName, rule.rule.record);
      for (const auto& [name, value] : rule.labels) builder.set(name, value);
      Samples& samples = series_[builder.build()];
      const Columns got = rebuilt_samples(series);
      for (size_t i = 0; i < got.t.size(); ++i) samples.floats.emplace(got.t[i], got.v[i]);
      for (size_t i = 0; i < got.histogram_t.size(); ++i) {
        samples.histograms.emplace(got.histogram_t[i], got.histograms[i]);
      }
    }
  }

  void store(BlockImport& import, std::map<Labels, uint32_t>& numbers) const {
    for (const auto& [labels, samples] : series_) {
      const auto [number, made] = numbers.try_emplace(labels, 0);
      if (made) number->second = import.add_series(labels);
      import.append_all(number->second, columns(samples));
    }
  }

 private:
  struct Samples {
    std::map<TimeMs, double> floats;
    std::map<TimeMs, FloatHistogram> histograms;
  };
  static Columns columns(const Samples& samples) {
    Columns out;
    for (const auto& [t, v] : samples.floats) {
      out.t.push_back(t);
      out.v.push_back(v);
    }
    for (const auto& [t, histogram] : samples.histograms) {
      if (samples.floats.count(t) != 0) continue;
      out.histogram_t.push_back(t);
      out.histograms.push_back(histogram);
    }
    return out;
  }
  std::map<Labels, Samples> series_;
};

// Asks for two hours at a time, which become one block.
void evaluate(const std::vector<ScheduledRule>& rules, ApiClient& client, BlockImport& import,
              int64_t start, int64_t end) {
  constexpr int64_t kPortion = kImportBlock / 1000;  // seconds
  const int64_t first = start / kPortion * kPortion;
  const auto portions = static_cast<uint64_t>((end - first) / kPortion + 1);
  Progress progress("evaluating rules", portions * rules.size());
  std::map<Labels, uint32_t> numbers;
  uint64_t done = 0;
  for (int64_t begin = first; begin <= end; begin += kPortion) {
    Portion portion;
    for (const ScheduledRule& rule : rules) {
      const double from = rule.schedule.first_from(std::max(begin, start));
      const auto last = static_cast<double>(std::min(begin + kPortion - 1, end));
      if (from <= last) {
        portion.add(
            read_api_answer(client.post("/api/v1/query_range",
                                        {{"query", {rule.rule.expr}},
                                         {"start", {float_f(from)}},
                                         {"end", {float_f(last)}},
                                         {"step", {float_f(rule.schedule.interval_seconds())}}}))
                .json,
            rule);
      }
      progress.at(++done, rule.rule.record);
    }
    portion.store(import, numbers);
  }
}

int create_blocks(const CommandInput& input) {
  ApiClient client(input.text("url"), input.text("http.config.file"), {});
  return exit_code_of([&] {
    const double end = time_or(input, "end", now_seconds() - kNotYetInBlocks, "end time");
    const double start = time_or(input, "start", end, "start time");
    if (!(start < end)) throw Error(ErrorKind::kBadData, "start time is not before end time");
    const std::vector<ScheduledRule> rules = read_rules(input);
    return create_blocks_in(input, input.text("output-dir"), [&](BlockImport& import) {
      try {
        evaluate(rules, client, import, static_cast<int64_t>(start), static_cast<int64_t>(end));
      } catch (const Error& error) {
        fmt::print(stderr, "rule importer error: query range: {}\n", error.what());
        throw Error(error.kind(), "error importing rules");
      }
    });
  });
}

}  // namespace

Command create_blocks_rules_command() {
  return {"tsdb create-blocks-from rules",
          "Create blocks of data for new recording rules.",
          {{.name = "http.config.file",
            .value_name = "<filename>",
            .help = "HTTP client configuration file for promtool to connect to Prometheus.",
            .kind = CommandFlag::Kind::kFile},
           {.name = "url",
            .value_name = "URL",
            .fallback = "http://localhost:9090",
            .help = "The URL for the Prometheus API with the data where the rule will be "
                    "backfilled from."},
           {.name = "start",
            .value_name = "START",
            .help = "The time to start backfilling the new rule from. Must be a RFC3339 formatted "
                    "date or Unix timestamp. Required.",
            .required = true},
           {.name = "end",
            .value_name = "END",
            .help = "If an end time is provided, all recording rules in the rule files provided "
                    "will be backfilled to the end time. Default will backfill up to 3 hours ago. "
                    "Must be a RFC3339 formatted date or Unix timestamp."},
           {.name = "output-dir",
            .value_name = "DIR",
            .fallback = "data/",
            .help = "Output directory for generated blocks.",
            .quoted = true},
           {.name = "eval-interval",
            .value_name = "INTERVAL",
            .fallback = "60s",
            .help = "How frequently to evaluate rules when backfilling if a value is not set in "
                    "the recording rule files.",
            .kind = CommandFlag::Kind::kDuration}},
          {{.name = "rule-files",
            .help = "A list of one or more files containing recording rules to be backfilled. All "
                    "recording rules listed in the files will be backfilled. Alerting rules are "
                    "not evaluated.",
            .repeated = true,
            .file = true}},
          create_blocks};
}

}  // namespace hearth
