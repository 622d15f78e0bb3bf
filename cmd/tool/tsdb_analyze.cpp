// hearthtool tsdb analyze: churn and cardinality of a block, and how its chunks are filled.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "cmd/tool/commands.h"
#include "cmd/tool/data_dir.h"
#include "cmd/tool/exit_code.h"
#include "cmd/tool/progress.h"
#include "core/error.h"
#include "core/file.h"
#include "query/parser.h"
#include "rules/template_value.h"
#include "tsdb/block.h"
#include "tsdb/chunk.h"

namespace hearth {
namespace {

constexpr size_t kSeriesBetweenProgress = 1024;

using Counts = std::map<std::string, uint64_t>;

void print_largest(const std::string& title, const Counts& counts, size_t limit) {
  std::vector<std::pair<uint64_t, std::string>> sorted;
  for (const auto& [name, count] : counts) sorted.emplace_back(count, name);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  fmt::print("\n{}:\n", title);
  for (size_t i = 0; i < std::min(limit, sorted.size()); ++i) {
    fmt::print("{} {}\n", sorted[i].first, sorted[i].second);
  }
}

// How many values lie in each of some ten ranges of equal width.
void print_distribution(const std::string& what, std::vector<int64_t> values) {
  if (values.empty()) {
    fmt::print("{}: N/A\n\n", what);
    return;
  }
  std::sort(values.begin(), values.end());
  const int64_t least = values.front(), most = values.back();
  int64_t step = 10;
  while (step < (most - least) / 10 && step <= 10'000) step *= 10;
  const int64_t start = least - least % step, end = most - most % step + step;
  std::vector<size_t> buckets(static_cast<size_t>((end - start) / step) + 1);
  int64_t sum = 0;
  for (const int64_t value : values) {
    sum += value;
    ++buckets[static_cast<size_t>((value - start) / step)];
  }
  const size_t largest = *std::max_element(buckets.begin(), buckets.end());
  const auto digits = [](auto number) { return std::to_string(number).size(); };
  fmt::print("{} (min/avg/max): {}/{}/{}\n", what, least, sum / static_cast<int64_t>(values.size()),
             most);
  for (size_t i = 0; i < buckets.size(); ++i) {
    const int64_t from = start + static_cast<int64_t>(i) * step;
    fmt::print("[{:>{}}, {:>{}}]: {:>{}} {}\n", from + 1, digits(end), from + step,
               digits(end + step), buckets[i], digits(largest),
               std::string(100 * buckets[i] / values.size(), '#'));
  }
  fmt::print("\n");
}

// What a walk over all series of a block counts. One thread.
class Analysis {
 public:
  Analysis(const tsdb::Block& block, const std::vector<Matcher>& matchers)
      : span_(static_cast<double>(block.meta().max_time - block.meta().min_time)) {
    const std::unique_ptr<tsdb::SeriesChunks> series = tsdb::block_series_chunks(block);
    Progress progress("analyzing", block.meta().stats.series);
    while (series->next()) {
      if (all_series_ % kSeriesBetweenProgress == 0) {
        progress.at(all_series_, fmt::format("{} series", all_series_));
      }
      ++all_series_;
      const LabelsView labels = series->labels();
      const bool wanted = std::all_of(matchers.begin(), matchers.end(),
                                      [&](const Matcher& m) { return m.matches(labels); });
      if (wanted && !series->chunks().empty()) take(labels, series->chunks());
    }
  }

  void print(const tsdb::BlockMeta& meta, size_t limit, const std::string& selector) const {
    fmt::print("Block ID: {}\n", meta.ulid.text());
    fmt::print("Duration: {}\n",
               rules::go_duration_text({(meta.max_time - meta.min_time) * 1'000'000}));
    fmt::print("Total Series: {}\n", all_series_);
    if (!selector.empty()) fmt::print("Matcher: {}\n", selector);
    fmt::print("Label names: {}\n", values_.size());
    if (!selector.empty()) fmt::print("Matched series: {}\n", series_);
    fmt::print("Postings (unique label pairs): {}\n", pair_counts_.size());
    fmt::print("Postings entries (total label pairs): {}\n", entries_);
    print_largest("Label pairs most involved in churning", shares(pair_gaps_), limit);
    print_largest("Label names most involved in churning", shares(name_gaps_), limit);
    print_largest("Most common label pairs", pair_counts_, limit);
    Counts lengths, cardinality;
    for (const auto& [name, values] : values_) {
      cardinality[name] = values.size();
      for (const std::string& value : values) lengths[name] += value.size();
    }
    print_largest("Label names with highest cumulative label value length", lengths, limit);
    print_largest("Highest cardinality labels", cardinality, limit);
    print_largest("Highest cardinality metric names", metrics_, limit);
  }

  void print_chunks() const {
    fmt::print("\nCompaction analysis:\n\n");
    print_distribution("samples per float chunk", float_samples_);
    print_distribution("bytes per float chunk", float_bytes_);
    print_distribution("samples per histogram chunk", histogram_samples_);
    print_distribution("bytes per histogram chunk", histogram_bytes_);
    print_distribution("buckets per histogram chunk", histogram_buckets_);
  }

 private:
  void take(LabelsView labels, std::span<const tsdb::ChunkView> chunks) {
    ++series_;
    // How much of the block's time the series does not cover.
    const double gap =
        span_ - static_cast<double>(chunks.back().max_time - chunks.front().min_time);
    for (const Label& label : labels) {
      const std::string name(label.name);
      const std::string pair = name + "=" + std::string(label.value);
      name_gaps_[name] += gap;
      pair_gaps_[pair] += gap;
      ++pair_counts_[pair];
      ++entries_;
      values_[name].emplace(label.value);
    }
    ++metrics_[std::string(labels.metric_name())];
    for (const tsdb::ChunkView& chunk : chunks) {
      const bool floats =
          chunk.encoding == tsdb::Encoding::kXor || chunk.encoding == tsdb::Encoding::kXor2;
      const auto samples = static_cast<int64_t>(tsdb::chunk_samples(chunk.encoding, chunk.bytes));
      (floats ? float_samples_ : histogram_samples_).push_back(samples);
      (floats ? float_bytes_ : histogram_bytes_)
          .push_back(static_cast<int64_t>(chunk.bytes.size()));
      if (floats) continue;
      Columns decoded;
      tsdb::decode_chunk(chunk.encoding, chunk.bytes, TimeRange{kMinTime, kMaxTime}, decoded);
      if (decoded.histograms.empty()) continue;
      const FloatHistogram& first = decoded.histograms.front();
      histogram_buckets_.push_back(
          static_cast<int64_t>(first.positive_buckets.size() + first.negative_buckets.size()));
    }
  }

  Counts shares(const std::map<std::string, double>& gaps) const {
    Counts out;
    for (const auto& [name, gap] : gaps)
      out[name] = static_cast<uint64_t>(std::max(0.0, gap / span_));
    return out;
  }

  const double span_;
  size_t all_series_ = 0, series_ = 0, entries_ = 0;
  std::map<std::string, double> name_gaps_, pair_gaps_;
  Counts pair_counts_, metrics_;
  std::map<std::string, std::set<std::string>> values_;
  std::vector<int64_t> float_samples_, float_bytes_, histogram_samples_, histogram_bytes_,
      histogram_buckets_;
};

std::string block_path(const std::string& dir, const std::string& wanted) {
  std::string found;
  TimeMs newest = kMinTime;
  for (const std::string& name : list_dir(dir)) {
    if (!tsdb::parse_ulid(name) || (!wanted.empty() && name != wanted)) continue;
    const TimeMs begins = tsdb::read_block_meta(dir + "/" + name).min_time;
    if (!found.empty() && begins < newest) continue;
    found = dir + "/" + name;
    newest = begins;
  }
  if (found.empty()) {
    throw Error(ErrorKind::kNotFound,
                wanted.empty() ? "no blocks found" : "invalid block ID " + wanted);
  }
  return found;
}

int analyze(const CommandInput& input) {
  return exit_code_of([&] {
    std::vector<Matcher> matchers;
    if (input.given("match")) matchers = promql::parse_metric_selector(input.text("match"));
    const tsdb::Block block(block_path(data_dir_argument(input), input.argument(1, "")));
    const Analysis analysis(block, matchers);
    const auto limit = static_cast<size_t>(input.count("limit"));
    analysis.print(block.meta(), limit, input.text("match"));
    if (input.on("extended")) analysis.print_chunks();
    return 0;
  });
}

}  // namespace

Command tsdb_analyze_command() {
  return {"tsdb analyze",
          "Analyze churn, label pair cardinality and compaction efficiency.",
          {{.name = "limit",
            .value_name = "LIMIT",
            .fallback = "20",
            .help = "How many items to show in each list.",
            .kind = CommandFlag::Kind::kCount},
           {.name = "extended", .help = "Run extended analysis."},
           {.name = "match",
            .value_name = "MATCH",
            .help = "Series selector to analyze. Only 1 set of matchers is supported now."}},
          {{.name = "db path", .help = "Database path (default is data/).", .optional = true},
           {.name = "block id",
            .help = "Block to analyze (default is the last block).",
            .optional = true}},
          analyze};
}

}  // namespace hearth
