#include "cmd/tool/data_dir_source.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "cmd/tool/block_table.h"
#include "cmd/tool/interrupt.h"
#include "cmd/tool/progress.h"
#include "core/json.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "core/threads.h"
#include "tsdb/read_only.h"
#include "web/json_result.h"

namespace hearth {
namespace {

constexpr size_t kMostNames = 100'000;

TimeMs milliseconds(double seconds) { return static_cast<TimeMs>(std::llround(seconds * 1000)); }

std::string answer_json(promql::QueryResult result) {
  std::string out = "{\"status\":\"success\",\"warnings\":";
  append_json_strings(out, result.warnings);
  out += ",\"infos\":";
  append_json_strings(out, result.infos);
  out += ",\"data\":";
  web::JsonResult json(std::move(result), 0, false);
  while (json.next(out)) {
  }
  return out + "}";
}

// One thread.
class DataDirSource final : public QuerySource {
 public:
  DataDirSource(std::string dir, const promql::EngineOptions& options)
      : pool_(usable_cores()),
        db_(std::move(dir), pool_,
            [this](uint64_t bytes, uint64_t of_bytes) { tell_log_read(bytes, of_bytes); }),
        engine_(options, db_, &pool_, registry_) {}

  std::string instant(const std::string& query, double time) override {
    return run(query, time, time, 0);
  }
  std::string range(const std::string& query, double start, double end, double step) override {
    return run(query, start, end, step);
  }
  std::vector<std::string> label_names(const std::string& metric) override {
    return db_.querier({})->label_names(of_metric(metric), kMostNames);
  }
  std::vector<std::string> label_values(const std::string& label,
                                        const std::string& metric) override {
    return db_.querier({})->label_values(label, of_metric(metric), kMostNames);
  }

 private:
  struct BarEnd {
    DataDirSource& source;
    ~BarEnd() { source.end_bar(); }
  };
  static std::vector<Matcher> of_metric(const std::string& metric) {
    std::vector<Matcher> matchers;
    if (!metric.empty()) matchers.emplace_back(MatchType::kEqual, std::string(kMetricName), metric);
    return matchers;
  }
  std::string run(const std::string& query, double start, double end, double step) {
    promql::QueryRequest request;
    request.text = query;
    request.start = milliseconds(start);
    request.end = milliseconds(end);
    request.step = milliseconds(step);
    request.canceled = &interruption();
    const BarEnd bar_is_gone{*this};
    return answer_json(engine_.run(request));
  }

  void tell_log_read(uint64_t bytes, uint64_t of_bytes) {
    const MutexLock lock(mutex_);
    if (!bar_) bar_.emplace("reading the log", of_bytes);
    bar_->at(bytes, fmt::format("{} of {}", binary_bytes_text(bytes), binary_bytes_text(of_bytes)));
  }
  void end_bar() {
    const MutexLock lock(mutex_);
    bar_.reset();
  }

  Pool pool_;
  Registry registry_;
  tsdb::ReadOnlyDb db_;
  promql::Engine engine_;
  Mutex mutex_;
  std::optional<Progress> bar_ GUARDED_BY(mutex_);  // any thread of a query reads the log
};

}  // namespace

std::unique_ptr<QuerySource> make_data_dir_source(std::string dir,
                                                  const promql::EngineOptions& options) {
  return std::make_unique<DataDirSource>(std::move(dir), options);
}

}  // namespace hearth
