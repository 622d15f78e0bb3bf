#include "tests/promql/db_storage.h"

#include <algorithm>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/metrics.h"
#include "tests/promql/custom_buckets.h"
#include "tsdb/chunk_builder.h"
#include "tsdb/compact.h"
#include "tsdb/db.h"

namespace hearth::promql::script {
namespace {

constexpr DurationMs kYear = 365LL * 24 * 3'600'000;

bool has_starts(const Load& load) {
  return std::any_of(load.series.begin(), load.series.end(), [](const SeriesLine& series) {
    return std::any_of(series.values.begin(), series.values.end(),
                       [](const Value& value) { return value.start.has_value(); });
  });
}

// The series of a load as chunks with start times.
class LoadChunks final : public tsdb::SeriesChunks {
 public:
  explicit LoadChunks(const Load& load) {
    for (const SeriesLine& series : load.series) {
      Columns& columns = series_[series.labels];
      for (size_t i = 0; i < series.values.size(); ++i) {
        const Value& value = series.values[i];
        if (value.omitted) continue;
        const TimeMs t = static_cast<TimeMs>(i) * load.gap;
        const TimeMs start = value.start ? t + *value.start : 0;
        (value.histogram ? columns.histogram_t : columns.t).push_back(t);
        (value.histogram ? columns.histogram_start_t : columns.start_t).push_back(start);
        if (value.histogram) {
          columns.histograms.push_back(*value.histogram);
        } else {
          columns.v.push_back(value.number);
        }
        last_ = std::max(last_, t);
      }
    }
  }
  bool next() override {
    at_ = at_ ? std::next(*at_) : series_.begin();
    if (*at_ == series_.end()) return false;
    chunks_.clear();
    builder_.clear();
    builder_.build((*at_)->second, chunks_);
    return true;
  }
  LabelsView labels() const override { return (*at_)->first; }
  std::span<const tsdb::ChunkView> chunks() const override { return chunks_; }
  TimeMs last() const { return last_; }

 private:
  std::map<Labels, Columns> series_;
  std::optional<std::map<Labels, Columns>::const_iterator> at_;
  TimeMs last_ = 0;
  tsdb::ChunkBuilder builder_;
  std::vector<tsdb::ChunkView> chunks_;
};

// A new database for each clear. Is the Queryable itself, so that an engine outlives them.
class DbScriptStorage final : public ScriptStorage, public Queryable {
 public:
  DbScriptStorage() {
    set_log_level(LogLevel::kWarn);  // a line per opened database says nothing here
    clear();
  }

  void clear() override {
    open_.reset();
    dir_ = std::make_unique<TempDir>();
    open_ = std::make_unique<Open>(dir_->path(), clock_, pool_);
    empty_ = true;
  }
  // The head takes no start times yet, so such a load comes as a block, under an empty head.
  bool can_hold(const Load& load) const override { return empty_ || !has_starts(load); }
  void load(const Load& load) override {
    empty_ = false;
    if (has_starts(load)) return load_block(load);
    for (const SeriesLine& series : load.series) append(series, load.gap);
    if (!load.with_custom_buckets) return;
    for (const HistogramSeries& series : custom_bucket_histograms(load)) {
      Batch batch;
      const SeriesRef ref = open_->db.appender().intern(series.labels);
      for (const auto& [t, histogram] : series.points)
        batch.histograms.push_back({ref, t, histogram});
      store(batch);
    }
  }
  Queryable& queryable() override { return *this; }
  std::unique_ptr<Querier> querier(TimeRange range) override { return open_->db.querier(range); }

 private:
  struct Open {
    Open(const std::string& dir, const Clock& clock, Pool& pool)
        : db(dir, options(), clock, pool, registry) {}
    static tsdb::Options options() {
      tsdb::Options options;
      options.retention.time = 0;
      options.min_block_duration = kYear;
      return options;
    }
    Registry registry;
    tsdb::Db db;
  };

  // Floats and histograms that take turns go in batches of their own: a batch knows no order
  // between them.
  void append(const SeriesLine& series, DurationMs gap) {
    const SeriesRef ref = open_->db.appender().intern(series.labels);
    Batch batch;
    for (size_t i = 0; i < series.values.size(); ++i) {
      const Value& value = series.values[i];
      if (value.omitted) continue;
      const TimeMs t = static_cast<TimeMs>(i) * gap;
      if (value.histogram ? batch.size() > 0 : !batch.histograms.empty()) store(batch);
      if (value.histogram) {
        batch.histograms.push_back({ref, t, *value.histogram});
      } else {
        batch.push(ref, t, value.number);
      }
    }
    store(batch);
  }

  void store(Batch& batch) {
    if (batch.empty()) return;
    const AppendResult result = open_->db.appender().append(batch);
    const size_t refused =
        batch.size() + batch.histograms.size() - result.stored - result.stored_histograms;
    if (refused > 0) {
      throw Error(ErrorKind::kInternal, std::to_string(refused) + " samples were refused");
    }
    batch.clear();
  }

  void load_block(const Load& load) {
    open_.reset();
    LoadChunks series(load);
    tsdb::BlockMeta meta;
    meta.ulid = tsdb::make_ulid(0);
    meta.min_time = 0;
    meta.max_time = series.last() + 1;
    meta.sources = {meta.ulid};
    tsdb::write_block(dir_->path(), series, meta);
    open_ = std::make_unique<Open>(dir_->path(), clock_, pool_);
  }

  FakeClock clock_{0};
  Pool pool_{1};
  std::unique_ptr<TempDir> dir_;
  std::unique_ptr<Open> open_;
  bool empty_ = true;
};

}  // namespace

std::unique_ptr<ScriptStorage> db_script_storage() { return std::make_unique<DbScriptStorage>(); }

}  // namespace hearth::promql::script
