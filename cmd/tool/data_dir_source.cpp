#include "cmd/tool/data_dir_source.h"

#include <cmath>
#include <optional>

#include "cmd/tool/interrupt.h"
#include "core/json.h"
#include "core/metrics.h"
#include "core/threads.h"
#include "tsdb/read_only.h"
#include "web/json_result.h"

namespace hearth {
namespace {

constexpr DurationMs kFresh = 5'000;  // so long the directory is not looked at anew
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

// The directory as it was when this was made. One thread.
struct OpenDir {
  OpenDir(const std::string& dir, const promql::EngineOptions& options, Pool& pool)
      : since(system_clock().now()),
        db(dir, "", pool, registry),
        engine(options, db, &pool, registry) {}

  const TimeMs since;
  Registry registry;
  tsdb::ReadOnlyDb db;
  promql::Engine engine;
};

// One thread.
class DataDirSource final : public QuerySource {
 public:
  DataDirSource(std::string dir, const promql::EngineOptions& options)
      : dir_(std::move(dir)), options_(options), pool_(usable_cores()) {}

  std::string instant(const std::string& query, double time) override {
    return run(query, time, time, 0);
  }
  std::string range(const std::string& query, double start, double end, double step) override {
    return run(query, start, end, step);
  }
  std::vector<std::string> label_names(const std::string& metric) override {
    return open().db.querier({})->label_names(of_metric(metric), kMostNames);
  }
  std::vector<std::string> label_values(const std::string& label,
                                        const std::string& metric) override {
    return open().db.querier({})->label_values(label, of_metric(metric), kMostNames);
  }

 private:
  OpenDir& open() {
    if (!open_ || system_clock().now() - open_->since > kFresh) {
      open_.reset();
      open_ = std::make_unique<OpenDir>(dir_, options_, pool_);
    }
    return *open_;
  }
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
    return answer_json(open().engine.run(request));
  }

  const std::string dir_;
  const promql::EngineOptions options_;
  Pool pool_;
  std::unique_ptr<OpenDir> open_;
};

}  // namespace

std::unique_ptr<QuerySource> make_data_dir_source(std::string dir,
                                                  const promql::EngineOptions& options) {
  return std::make_unique<DataDirSource>(std::move(dir), options);
}

}  // namespace hearth
