#include "tests/promql/db_storage.h"

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/metrics.h"
#include "tsdb/db.h"

namespace hearth::promql::script {
namespace {

constexpr DurationMs kYear = 365LL * 24 * 3'600'000;

// A new database for each clear. Is the Queryable itself, so that an engine outlives them.
class DbScriptStorage final : public ScriptStorage, public Queryable {
 public:
  DbScriptStorage() {
    set_log_level(LogLevel::kWarn);  // a line per opened database says nothing here
    clear();
  }

  void clear() override {
    instance_.reset();
    instance_ = std::make_unique<Instance>(clock_, pool_);
  }
  bool can_hold(const Load& load) const override {
    return !load.with_custom_buckets &&
           std::all_of(load.series.begin(), load.series.end(), [](const SeriesLine& series) {
             return std::none_of(series.values.begin(), series.values.end(),
                                 [](const Value& value) { return value.histogram || value.start; });
           });
  }
  void load(const Load& load) override {
    Appender& appender = instance_->db.appender();
    Batch batch;
    for (const SeriesLine& series : load.series) {
      const SeriesRef ref = appender.intern(series.labels);
      for (size_t i = 0; i < series.values.size(); ++i) {
        const Value& value = series.values[i];
        if (!value.omitted) batch.push(ref, static_cast<TimeMs>(i) * load.gap, value.number);
      }
    }
    const AppendResult result = appender.append(batch);
    if (result.stored != batch.size()) {
      throw Error(ErrorKind::kInternal,
                  std::to_string(batch.size() - result.stored) + " samples were refused");
    }
  }
  Queryable& queryable() override { return *this; }
  std::unique_ptr<Querier> querier(TimeRange range) override {
    return instance_->db.querier(range);
  }

 private:
  struct Instance {
    Instance(const Clock& clock, Pool& pool) : db(dir.path(), options(), clock, pool, registry) {}
    static tsdb::Options options() {
      tsdb::Options options;
      options.retention.time = 0;
      options.min_block_duration = kYear;
      return options;
    }
    TempDir dir;
    Registry registry;
    tsdb::Db db;
  };
  FakeClock clock_{0};
  Pool pool_{1};
  std::unique_ptr<Instance> instance_;
};

}  // namespace

std::unique_ptr<ScriptStorage> db_script_storage() { return std::make_unique<DbScriptStorage>(); }

}  // namespace hearth::promql::script
