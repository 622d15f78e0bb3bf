// hearthtool tsdb create-blocks-from rules: what recording rules would have written, asked of a
// server.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "cmd/api_client.h"
#include "cmd/query_output.h"
#include "cmd/tool/block_import.h"
#include "cmd/tool/commands.h"
#include "cmd/tool/progress.h"
#include "cmd/tool_time.h"
#include "core/error.h"
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

struct FileGroup {
  std::string file;
  rules::RuleGroup group;
};

// One rule over the whole time, two hours at a time. One thread.
class Backfill {
 public:
  Backfill(ApiClient& client, BlockImport& import, double start, double end)
      : client_(client), import_(import), start_(start), end_(end) {}

  void run(const rules::Rule& rule, const rules::RuleLabels& labels, const Schedule& schedule) {
    constexpr int64_t kPortion = kImportBlock / 1000;  // seconds
    const auto start = static_cast<int64_t>(start_), end = static_cast<int64_t>(end_);
    for (int64_t block = start / kPortion * kPortion; block <= end; block += kPortion) {
      const double from = schedule.first_from(std::max(block, start));
      const auto last = static_cast<double>(std::min(block + kPortion - 1, end));
      if (last < from) continue;
      const ApiData data = read_api_answer(
          client_.post("/api/v1/query_range", {{"query", {rule.expr}},
                                               {"start", {float_f(from)}},
                                               {"end", {float_f(last)}},
                                               {"step", {float_f(schedule.interval_seconds())}}}));
      store(data.json, rule, labels);
    }
  }

 private:
  void store(const std::string& json, const rules::Rule& rule, const rules::RuleLabels& labels) {
    const auto data = nlohmann::json::parse(json, nullptr, false);
    if (!data.is_object() || data.value("resultType", "") != "matrix") {
      throw Error(ErrorKind::kUnavailable,
                  "rule result is wrong type " + data.value("resultType", ""));
    }
    for (const auto& one : data["result"]) {
      LabelsBuilder builder;
      for (const auto& item : one.at("metric").items()) {
        builder.set(item.key(), item.value().get<std::string>());
      }
      builder.set(kMetricName, rule.record);
      for (const auto& [name, value] : labels) builder.set(name, value);
      const Labels made = builder.build();
      const auto [at, is_new] = numbers_.try_emplace(made, 0);
      if (is_new) at->second = import_.add_series(made);
      for (const auto& sample : one.value("values", nlohmann::json::array())) {
        import_.append(at->second,
                       static_cast<TimeMs>(std::llround(sample.at(0).get<double>() * 1000)),
                       parse_go_float(sample.at(1).get<std::string>()).value_or(0));
      }
    }
  }

  ApiClient& client_;
  BlockImport& import_;
  const double start_, end_;
  std::map<Labels, uint32_t> numbers_;
};

std::vector<FileGroup> read_groups(const std::vector<std::string>& paths) {
  std::vector<FileGroup> groups;
  for (const std::string& path : paths) {
    rules::RuleFile file = rules::read_rule_file(path);
    for (const std::string& error : file.errors) fmt::print(stderr, "{}\n", error);
    if (!file.errors.empty()) throw Error(ErrorKind::kBadData, "reading rule files failed");
    for (rules::RuleGroup& group : file.groups) groups.push_back({path, std::move(group)});
  }
  return groups;
}

int create_blocks(const CommandInput& input) {
  try {
    const double start = parse_tool_time(input.text("start"));
    const double end =
        input.given("end") ? parse_tool_time(input.text("end")) : now_seconds() - kNotYetInBlocks;
    if (!(start < end)) {
      throw Error(ErrorKind::kBadData, "start time is not before end time");
    }
    const std::vector<FileGroup> groups = read_groups(input.arguments);
    ApiClient client(input.text("url"), input.text("http.config.file"), {});
    BlockImport import(input.text("output-dir"));
    Backfill backfill(client, import, start, end);
    size_t all = 0, done = 0;
    for (const FileGroup& one : groups) all += one.group.rules.size();
    Progress progress("evaluating rules", all);
    for (const FileGroup& one : groups) {
      const rules::RuleGroup& group = one.group;
      const double step = group.interval > 0 ? static_cast<double>(group.interval) / 1000
                                             : input.seconds("eval-interval");
      if (!(step > 0)) throw Error(ErrorKind::kBadData, "the evaluation interval is not positive");
      const Schedule schedule(one.file, group.name, step);
      for (const rules::Rule& rule : group.rules) {
        if (!rule.record.empty()) {
          backfill.run(rule, rules::merged_labels(group.labels, rule.labels), schedule);
        }
        progress.at(++done, rule.name());
      }
    }
    std::vector<BlockLine> blocks;
    import.finish([&](const BlockLine& block) { blocks.push_back(block);
  });
  if (!input.on("quiet") && !blocks.empty()) {
    fmt::print("{}", block_table(blocks, input.on("human-readable")));
  }
  return 0;
}
catch (const Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
}  // namespace

}  // namespace hearth

Command create_blocks_rules_command() {
  return {"tsdb create-blocks-from rules",
          "Create blocks of data for new recording rules.",
          {{.name = "http.config.file",
            .placeholder = "<filename>",
            .help = "HTTP client configuration file for promtool to connect to Prometheus.",
            .kind = CommandFlag::Kind::kFile},
           {.name = "url",
            .placeholder = "URL",
            .fallback = "http://localhost:9090",
            .help = "The URL for the Prometheus API with the data where the rule will be "
                    "backfilled from."},
           {.name = "start",
            .placeholder = "START",
            .help = "The time to start backfilling the new rule from. Must be a RFC3339 formatted "
                    "date or Unix timestamp. Required.",
            .required = true},
           {.name = "end",
            .placeholder = "END",
            .help = "If an end time is provided, all recording rules in the rule files provided "
                    "will be backfilled to the end time. Default will backfill up to 3 hours ago. "
                    "Must be a RFC3339 formatted date or Unix timestamp."},
           {.name = "output-dir",
            .placeholder = "DIR",
            .fallback = "data/",
            .help = "Output directory for generated blocks.",
            .quoted = true},
           {.name = "eval-interval",
            .placeholder = "INTERVAL",
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
