// A head in a directory of its own, and short ways to write to it and read it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/log.h"
#include "core/matcher.h"
#include "tsdb/head.h"

namespace hearth::tsdb {

using Model = std::map<Labels, std::vector<std::pair<TimeMs, double>>>;

class HeadFixture {
 public:
  // Starts read the log, unless a test is about snapshots.
  explicit HeadFixture(size_t workers = 1) : pool_(workers) {
    set_log_level(LogLevel::kError);
    options.snapshot_on_shutdown = false;
  }

  Head& open(TimeMs min_valid_time = kMinTime) {
    head_.reset();
    registry_ = std::make_unique<Registry>();
    options.live = live;
    head_ = std::make_unique<Head>(dir_.path(), options, min_valid_time, clock_, pool_, *registry_);
    return *head_;
  }
  void close() { head_.reset(); }
  Head& head() { return *head_; }
  Registry& registry() { return *registry_; }
  const std::string& dir() const { return dir_.path(); }
  std::string wal_dir() const { return dir_.path() + "/wal"; }

  SeriesRef intern(const Labels& labels) { return head_->appender().intern(labels); }

  AppendResult append(const Labels& labels, TimeMs t, double v) {
    Batch batch;
    batch.push(intern(labels), t, v);
    return head_->appender().append(batch);
  }

  AppendResult append_histogram(const Labels& labels, TimeMs t, const FloatHistogram& h) {
    Batch batch;
    batch.histograms.push_back({intern(labels), t, h});
    return head_->appender().append(batch);
  }

  static Model read(Head& head, TimeRange range = {}, std::vector<Matcher> matchers = {}) {
    Model model;
    Budget budget(0);
    const auto querier = head.querier(range);
    const auto set = querier->select(matchers, {range}, budget);
    for (size_t i = 0; i < set->size(); ++i) {
      Columns columns;
      set->read(i, range, columns);
      if (columns.t.empty()) continue;  // a series that only might have had samples
      auto& samples = model[Labels(set->labels(i))];
      for (size_t k = 0; k < columns.t.size(); ++k)
        samples.emplace_back(columns.t[k], columns.v[k]);
    }
    return model;
  }
  Model read(TimeRange range = {}) { return read(*head_, range); }
  // Of one series, with its histograms.
  Columns columns(const Labels& labels, TimeRange range = {}) {
    Budget budget(0);
    const auto querier = head_->querier(range);
    const auto set = querier->select({}, {range}, budget);
    Columns columns;
    for (size_t i = 0; i < set->size(); ++i) {
      if (Labels(set->labels(i)) == labels) set->read(i, range, columns);
    }
    return columns;
  }

  // All chunks as a compaction would get them, by the number of their samples.
  using Chunks = std::vector<std::pair<Encoding, size_t>>;
  Chunks chunks(TimeRange range = {}) {
    Chunks out;
    const auto series = head_->series_chunks(range);
    while (series->next()) {
      for (const ChunkView& chunk : series->chunks())
        out.emplace_back(chunk.encoding, chunk_samples(chunk.encoding, chunk.bytes));
    }
    return out;
  }

  Options options;
  LiveOptions live;

 private:
  TempDir dir_;
  FakeClock clock_{1'700'000'000'000};
  Pool pool_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<Head> head_;
};

inline Labels series_labels(int i) {
  return Labels{{"__name__", "metric_" + std::to_string(i % 7)},
                {"instance", "host:" + std::to_string(i)},
                {"job", i % 2 == 0 ? "even" : "odd"}};
}

}  // namespace hearth::tsdb
