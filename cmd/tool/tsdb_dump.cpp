// hearthtool tsdb dump, dump-openmetrics: the samples of a data directory as text.
#include <fmt/format.h>

#include <cstdio>

#include "cmd/tool/commands.h"
#include "cmd/tool/data_dir.h"
#include "core/error.h"
#include "core/file.h"
#include "core/go_text.h"
#include "query/histogram_text.h"
#include "query/parser.h"
#include "tsdb/read_only.h"

namespace hearth {
namespace {

using Print = void (*)(LabelsView labels, const Columns& samples, std::string& out);

// Floats and histograms of a series in the order of time.
template <class OnFloat, class OnHistogram>
void by_time(const Columns& samples, OnFloat on_float, OnHistogram on_histogram) {
  size_t h = 0;
  for (size_t i = 0; i <= samples.t.size(); ++i) {
    const TimeMs until = i < samples.t.size() ? samples.t[i] : kMaxTime;
    for (; h < samples.histogram_t.size() && samples.histogram_t[h] <= until; ++h) on_histogram(h);
    if (i < samples.t.size()) on_float(i);
  }
}

void print_series(LabelsView labels, const Columns& samples, std::string& out) {
  const std::string name = labels_text(labels);
  by_time(
      samples,
      [&](size_t i) {
        out += name + " ";
        append_float_g(out, samples.v[i]);
        out += " " + std::to_string(samples.t[i]) + "\n";
      },
      [&](size_t i) {
        out += name + " " + promql::histogram_text(samples.histograms[i]) + " " +
               std::to_string(samples.histogram_t[i]) + "\n";
      });
}

void print_openmetrics(LabelsView labels, const Columns& samples, std::string& out) {
  std::string inside;
  for (const Label& label : labels) {
    if (label.name == kMetricName) continue;
    inside += (inside.empty() ? "" : ",") + std::string(label.name) + "=" + go_quote(label.value);
  }
  const std::string name = std::string(labels.metric_name()) + "{" + inside + "}";
  for (size_t i = 0; i < samples.t.size(); ++i) {
    if (is_stale(samples.v[i])) continue;
    out += name + " ";
    append_float_g(out, samples.v[i]);
    out += fmt::format(" {:.3f}\n", static_cast<double>(samples.t[i]) / 1000);
  }
}

void dump(const CommandInput& input, Print print) {
  constexpr size_t kFlush = 1 << 20;
  const TimeRange range{input.integer("min-time"), input.integer("max-time")};
  Pool pool(1);
  tsdb::ReadOnlyDb db(data_dir_argument(input), pool);
  if (const std::string sandbox = input.text("sandbox-dir-root");
      !sandbox.empty() && !is_directory(sandbox)) {
    throw Error(ErrorKind::kIo,
                "setting up sandbox dir: stat " + sandbox + ": no such file or directory");
  }
  const std::unique_ptr<Querier> querier = db.querier(range);
  std::string out;
  Columns samples;
  for (const std::string& selector : input.texts("match")) {
    const std::vector<Matcher> matchers = promql::parse_metric_selector(selector);
    Budget budget(0);
    SelectHints hints;
    hints.range = range;
    const std::unique_ptr<SeriesSet> found = querier->select(matchers, hints, budget);
    for (size_t i = 0; i < found->size(); ++i) {
      found->read(i, range, samples);
      print(found->labels(i), samples, out);
      if (out.size() < kFlush && i + 1 < found->size()) continue;
      std::fwrite(out.data(), 1, out.size(), stdout);
      out.clear();
    }
  }
}

int run(const CommandInput& input, Print print, const char* last) {
  try {
    dump(input, print);
    std::fputs(last, stdout);
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
int dump_samples(const CommandInput& input) { return run(input, print_series, ""); }
int dump_openmetrics(const CommandInput& input) { return run(input, print_openmetrics, "# EOF\n"); }

Command command(std::string_view path, std::string_view help,
                int (*run_it)(const CommandInput& input)) {
  return {path,
          help,
          {{.name = "sandbox-dir-root",
            .value_name = "SANDBOX-DIR-ROOT",
            .help = "Root directory where a sandbox directory will be created, this sandbox is "
                    "used in case WAL replay generates chunks (default is the database path). The "
                    "sandbox is cleaned up at the end."},
           {.name = "min-time",
            .value_name = "MIN-TIME",
            .fallback = "-9223372036854775808",
            .help = "Minimum timestamp to dump, in milliseconds since the Unix epoch.",
            .kind = CommandFlag::Kind::kInteger},
           {.name = "max-time",
            .value_name = "MAX-TIME",
            .fallback = "9223372036854775807",
            .help = "Maximum timestamp to dump, in milliseconds since the Unix epoch.",
            .kind = CommandFlag::Kind::kInteger},
           {.name = "match",
            .value_name = "MATCH",
            .fallback = "{__name__=~'(?s:.*)'}",
            .help = "Series selector. Can be specified multiple times.",
            .repeatable = true}},
          {{.name = "db path", .help = "Database path (default is data/).", .optional = true}},
          run_it};
}

}  // namespace

Command tsdb_dump_command() {
  return command("tsdb dump", "Dump samples from a TSDB.", dump_samples);
}
Command tsdb_dump_openmetrics_command() {
  return command("tsdb dump-openmetrics",
                 "[Experimental] Dump samples from a TSDB into OpenMetrics text format, excluding "
                 "native histograms and staleness markers, which are not representable in "
                 "OpenMetrics.",
                 dump_openmetrics);
}

}  // namespace hearth
