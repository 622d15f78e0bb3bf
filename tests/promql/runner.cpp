#include "tests/promql/runner.h"

#include <cctype>

#include "core/error.h"
#include "core/metrics.h"
#include "query/engine.h"
#include "tests/promql/compare.h"
#include "tests/promql/custom_buckets.h"
#include "query/sample_store.h"

namespace hearth::promql::script {
namespace {

class MemoryScriptStorage final : public ScriptStorage {
 public:
  void clear() override { storage_.clear(); }
  void load(const Load& load) override {
    for (const SeriesLine& series : load.series) {
      for (size_t i = 0; i < series.values.size(); ++i) {
        const Value& value = series.values[i];
        const TimeMs t = static_cast<TimeMs>(i) * load.gap;
        if (value.omitted) continue;
        const TimeMs start = value.start ? t + *value.start : 0;
        if (value.histogram)
          storage_.append(series.labels, t, *value.histogram, start);
        else
          storage_.append(series.labels, t, value.number, start);
      }
    }
    if (!load.with_custom_buckets) return;
    for (HistogramSeries& series : custom_bucket_histograms(load)) {
      for (auto& [t, histogram] : series.points) {
        storage_.append(series.labels, t, std::move(histogram));
      }
    }
  }
  Queryable& queryable() override { return storage_; }

 private:
  SampleStore storage_;
};

// The options under which Prometheus runs its own scripts.
EngineOptions script_options(size_t slices) {
  EngineOptions options;
  options.timeout = 100 * 60'000;
  options.default_step = 60'000;
  options.delayed_name_removal = true;
  options.use_start_timestamps = true;
  options.slice_series = slices > 1 ? 2 : 1'000'000;
  if (slices > 1) options.settled_share = 0;
  options.parse = {true, true, true, true};
  return options;
}

// The points of a range query at one time, as an instant query answers them.
QueryResult at_time(QueryResult result, TimeMs t) {
  result.type = ValueType::kVector;
  for (ResultSeries& series : result.series) {
    std::erase_if(series.points, [t](const Point& p) { return p.t != t; });
    std::erase_if(series.histograms, [t](const HistogramPoint& p) { return p.t != t; });
  }
  std::erase_if(result.series, [](const ResultSeries& series) {
    return series.points.empty() && series.histograms.empty();
  });
  return result;
}

// Whether the query asks for its own start, end or step, so that as a range query it is another
// one.
bool depends_on_steps(const std::string& query) {
  std::string lower = query;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* call : {"step()", "range()", "start()", "end()"}) {
    const size_t at = lower.find(call);
    const size_t before = at == std::string::npos ? 0 : lower.find_last_not_of(" ", at - 1);
    if (at != std::string::npos && (at == 0 || lower[before] != '@')) return true;
  }
  return false;
}

// One thread.
class Runner {
 public:
  Runner(ScriptStorage& storage, size_t slices)
      : pool_(slices > 1 ? std::make_unique<Pool>(2) : nullptr),
        engine_(script_options(slices), storage.queryable(), pool_.get(), registry_) {}

  // "" where the evaluation passes.
  std::string run(const Eval& eval) {
    QueryResult result;
    try {
      result = engine_.run(request(eval, eval.at));
    } catch (const Error& error) {
      return expects_error(eval) ? compare_error(eval, error.what())
                                 : std::string("unexpected error: ") + error.what();
    }
    if (expects_error(eval)) return "expected an error, got an answer";
    std::string problem = compare_result(eval, result);
    if (problem.empty()) problem = compare_annotations(eval, result);
    if (!problem.empty() || !eval.instant || eval.ordered) return problem;
    if (depends_on_steps(eval.query)) return "";
    if (result.type != ValueType::kVector && result.type != ValueType::kScalar) return "";
    return run_as_range(eval, result.type == ValueType::kScalar);
  }

 private:
  static QueryRequest request(const Eval& eval, const TimeSteps& at) {
    QueryRequest request;
    request.text = eval.query;
    request.start = at.start;
    request.end = at.end;
    request.step = at.step;
    return request;
  }

  std::string run_as_range(const Eval& eval, bool scalar) {
    constexpr DurationMs kMinute = 60'000;
    const TimeMs t = eval.at.start;
    std::string problem;
    try {
      QueryResult result =
          at_time(engine_.run(request(eval, {t - kMinute, t + kMinute, kMinute})), t);
      if (scalar && result.series.size() == 1 && !result.series[0].points.empty()) {
        result.type = ValueType::kScalar;
        result.scalar = result.series[0].points[0];
      }
      problem = compare_result(eval, result);
    } catch (const Error& error) {
      problem = std::string("unexpected error: ") + error.what();
    }
    return problem.empty() ? "" : "as a range query: " + problem;
  }

  Registry registry_;
  std::unique_ptr<Pool> pool_;
  Engine engine_;
};

}  // namespace

std::unique_ptr<ScriptStorage> memory_script_storage() {
  return std::make_unique<MemoryScriptStorage>();
}

Report run_script(const Script& script, ScriptStorage& storage, size_t slices) {
  Report report;
  report.name = script.name;
  storage.clear();
  Runner runner(storage, slices);
  bool complete = true;  // everything loaded since the last clear is in the storage
  for (const auto& command : script.commands) {
    if (std::holds_alternative<Clear>(command)) {
      storage.clear();
      complete = true;
    } else if (const Load* load = std::get_if<Load>(&command)) {
      complete = complete && storage.can_hold(*load);
      if (complete) storage.load(*load);
    } else if (complete) {
      const Eval& eval = std::get<Eval>(command);
      ++report.total;
      std::string problem = runner.run(eval);
      if (problem.empty()) {
        ++report.passed;
      } else {
        report.failures.push_back({eval.line, eval.query + "\n    " + problem});
      }
    }
  }
  return report;
}

}  // namespace hearth::promql::script
