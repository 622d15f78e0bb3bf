// hearthtool query analyze: how many buckets of histograms are populated.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "cmd/tool/commands.h"
#include "cmd/tool/exit_code.h"
#include "cmd/tool/query_answer.h"
#include "cmd/tool/query_matrix.h"
#include "cmd/tool/query_source.h"
#include "cmd/tool/tool_time.h"
#include "core/go_text.h"
#include "rules/template_value.h"

namespace hearth {
namespace {

constexpr const char* kHeader =
    "Bucket stats for each histogram series over time\n"
    "------------------------------------------------\n"
    "First the min, avg, and max number of populated buckets, followed by the total\n"
    "number of buckets (only if different from the max number of populated buckets\n"
    "which is typical for classic but not native histograms).\n";
constexpr const char* kFooter =
    "Aggregated bucket stats\n"
    "-----------------------\n"
    "Each line shows min/avg/max over the series above.\n";

// 1/2.250/3 of whole numbers.
struct Distribution {
  int64_t min = std::numeric_limits<int64_t>::max(), max = 0, sum = 0, count = 0;
  void add(int64_t number) {
    min = std::min(min, number);
    max = std::max(max, number);
    sum += number;
    ++count;
  }
  double average() const { return static_cast<double>(sum) / static_cast<double>(count); }
  std::string text() const { return fmt::format("{}/{:.3f}/{}", min, average(), max); }
};

// The populated buckets of one histogram over time.
struct BucketCounts {
  Distribution populated;
  int64_t total = 0;  // buckets that there are at all
  std::string text() const {
    return populated.text() + (total == populated.max ? "" : fmt::format("/{}", total));
  }
};

// Of all histograms of a kind.
struct Aggregate {
  Distribution min, average, max, total;
  void add(const BucketCounts& counts) {
    min.add(counts.populated.min);
    average.add(static_cast<int64_t>(counts.populated.average()));
    max.add(counts.populated.max);
    total.add(counts.total);
  }
  void print(const char* kind) const {
    if (min.count == 0) return;
    fmt::print("\n{} histogram series ({} in total):\n", kind, min.count);
    fmt::print("- min populated: {}\n- avg populated: {}\n- max populated: {}\n", min.text(),
               average.text(), max.text());
    if (total.text() != max.text()) fmt::print("- total: {}\n", total.text());
  }
};

std::optional<BucketCounts> native_counts(const ShownSeries& series) {
  if (series.histograms.size() < 2) return std::nullopt;
  BucketCounts out;
  std::set<std::tuple<int, double, double>> all;
  for (const ShownHistogram& histogram : series.histograms) {
    out.populated.add(static_cast<int64_t>(histogram.buckets.size()));
    for (const ShownBucket& bucket : histogram.buckets) {
      all.emplace(bucket.boundaries, bucket.low, bucket.high);
    }
  }
  out.total = static_cast<int64_t>(all.size());
  return out;
}

// `buckets`: the series of one classic histogram.
std::optional<BucketCounts> classic_counts(std::vector<const ShownSeries*> buckets) {
  const size_t samples = buckets.front()->v.size();
  if (samples < 2) return std::nullopt;
  const auto bound = [](const ShownSeries* series) {
    return parse_go_float(std::string(LabelsView(series->labels).get("le"))).value_or(0);
  };
  std::stable_sort(buckets.begin(), buckets.end(),
                   [&](const auto* a, const auto* b) { return bound(a) < bound(b); });
  BucketCounts out;
  out.total = static_cast<int64_t>(buckets.size());
  for (size_t i = 0; i < samples; ++i) {
    int64_t populated = 0;
    double below = 0;
    for (const ShownSeries* bucket : buckets) {
      if (i >= bucket->v.size()) break;
      if (i < buckets.front()->t.size() && bucket->t[i] != buckets.front()->t[i]) {
        throw Error(ErrorKind::kUnavailable, "matrix result is not time aligned");
      }
      const double count = bucket->v[i] - below;
      populated += std::fabs(count) < 1 ? 0 : 1;
      below = bucket->v[i];
    }
    out.populated.add(populated);
  }
  return out;
}

// a="b", c="d"; without the name and, where it is left out, le.
std::string pairs_text(LabelsView labels, std::string_view left_out) {
  std::string out;
  for (const Label& label : labels) {
    if (label.name == left_out || label.name == kMetricName) continue;
    out += (out.empty() ? "" : ", ") + std::string(label.name) + "=" + go_quote(label.value);
  }
  return out;
}

std::string native_name(LabelsView labels) {
  const std::string name(labels.metric_name()), pairs = pairs_text(labels, "");
  return pairs.empty() && !name.empty() ? name : name + "{" + pairs + "}";
}

// Of what all buckets of a histogram have in common; "" for the series of anything else.
std::string classic_name(LabelsView labels) {
  const std::string name(labels.metric_name());
  if (!labels.has("le") || !name.ends_with("_bucket")) return "";
  return name + "{" + pairs_text(labels, "le") + "}";
}

// One thread.
class Analysis {
 public:
  void add(const std::vector<ShownSeries>& matrix) {
    std::map<std::string, std::vector<const ShownSeries*>> classic;
    for (const ShownSeries& series : matrix) {
      if (!series.v.empty()) {
        if (const std::string name = classic_name(series.labels); !name.empty()) {
          classic[name].push_back(&series);
        }
      } else if (const auto counts = native_counts(series)) {
        fmt::print("- {} (native): {}\n", native_name(series.labels), counts->text());
        native_.add(*counts);
      }
    }
    for (const auto& [name, buckets] : classic) {
      const auto counts = classic_counts(buckets);
      if (!counts) continue;
      fmt::print("- {} (classic): {}\n", name, counts->text());
      classic_.add(*counts);
    }
  }
  void print() const {
    native_.print("Native");
    classic_.print("Classic");
  }

 private:
  Aggregate native_, classic_;
};

int analyze(const CommandInput& input) {
  const std::unique_ptr<QuerySource> source =
      make_server_source(input.text("server"), input.text("http.config.file"));
  return exit_code_of([&] {
    if (input.text("type") != "histogram") {
      return fail_with("analyze type is " + input.text("type") + ", must be 'histogram'");
    }
    const double time =
        time_or(input, "time", now_seconds(), ("time '" + input.text("time") + "'").c_str());
    const auto duration = static_cast<int64_t>(std::llround(input.seconds("duration") * 1e9));
    Analysis analysis;
    fmt::print("{}\n", kHeader);
    for (const std::string& match : input.texts("match")) {
      const std::string query = match + "[" + rules::go_duration_text({duration}) + "]";
      const auto matrix = read_matrix(read_api_answer(source->instant(query, time)).json);
      if (!matrix) return fail_with("query of buckets resulted in non-Matrix");
      analysis.add(*matrix);
    }
    fmt::print("\n{}", kFooter);
    analysis.print();
    return 0;
  });
}

}  // namespace

Command query_analyze_command() {
  return {"query analyze",
          "Run queries against your Prometheus to analyze the usage pattern of certain metrics.",
          {{.name = "server",
            .value_name = "SERVER",
            .help = "Prometheus server to query.",
            .required = true},
           {.name = "type",
            .value_name = "TYPE",
            .help = "Type of metric: histogram.",
            .required = true},
           {.name = "duration",
            .value_name = "DURATION",
            .fallback = "1h",
            .help = "Time frame to analyze.",
            .kind = CommandFlag::Kind::kDuration},
           {.name = "time",
            .value_name = "TIME",
            .help = "Query time (RFC3339 or Unix timestamp), defaults to now."},
           {.name = "match",
            .value_name = "MATCH",
            .help = "Series selector. Can be specified multiple times.",
            .repeatable = true,
            .required = true}},
          {},
          analyze};
}

}  // namespace hearth
