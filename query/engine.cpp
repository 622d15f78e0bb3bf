#include "query/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/mutex.h"
#include "query/collect.h"
#include "query/plan.h"

namespace hearth::promql {
namespace {

constexpr int64_t kNanos = 1'000'000'000;

// Waits for one of the tickets. Thread-safe.
class Admission {
 public:
  explicit Admission(int tickets) : free_(tickets) {}

  // Throws Error(kTimeout) or Error(kCanceled) when the wait ends before.
  void enter(const Clock& clock, int64_t deadline_nanos, const std::atomic<bool>* canceled) {
    MutexLock lock(mutex_);
    while (free_ == 0) {
      if (canceled != nullptr && canceled->load(std::memory_order_relaxed)) {
        throw Error(ErrorKind::kCanceled, "query was canceled in query queue");
      }
      if (clock.monotonic_nanos() > deadline_nanos) {
        throw Error(ErrorKind::kTimeout, "query timed out in query queue");
      }
      // Awake now and then: nobody tells when the query is canceled.
      freed_.wait_for(mutex_, std::chrono::milliseconds(10));
    }
    --free_;
  }
  void leave() {
    MutexLock lock(mutex_);
    ++free_;
    freed_.notify_one();
  }

 private:
  Mutex mutex_;
  CondVar freed_;
  int free_ GUARDED_BY(mutex_);
};

// One ticket, given back at the end.
class Ticket {
 public:
  Ticket(Admission& admission, const Clock& clock, int64_t deadline_nanos,
         const std::atomic<bool>* canceled)
      : admission_(admission) {
    admission_.enter(clock, deadline_nanos, canceled);
  }
  ~Ticket() { admission_.leave(); }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

 private:
  Admission& admission_;
};

// Counts a query as long as it lives.
class InFlight {
 public:
  explicit InFlight(const Gauge& gauge) : gauge_(gauge) { gauge_.add(1); }
  ~InFlight() { gauge_.add(-1); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  const Gauge& gauge_;
};

}  // namespace

struct Engine::State {
  State(const EngineOptions& engine_options, Queryable& queryable, Pool* workers,
        Registry& registry)
      : options(engine_options),
        storage(queryable),
        pool(workers),
        clock(engine_options.clock == nullptr ? system_clock() : *engine_options.clock),
        default_step(engine_options.default_step),
        total_memory(engine_options.max_total_memory_bytes, "all queries"),
        admission(std::max(1, engine_options.max_concurrency)) {
    queries = registry.gauge("prometheus_engine_queries",
                             "The current number of queries being executed or waiting.");
    registry
        .gauge("prometheus_engine_queries_concurrent_max", "The max number of concurrent queries.")
        .set(options.max_concurrency);
    samples = registry.counter("prometheus_engine_query_samples_total",
                               "The total number of samples loaded by all queries.");
    const auto timing = [&](const std::string& slice) {
      return registry.summary("prometheus_engine_query_duration_seconds", "Query timings",
                              {0.5, 0.9, 0.99}, {{"slice", slice}});
    };
    queue_time = timing("queue_time");
    prepare_time = timing("prepare_time");
    inner_eval = timing("inner_eval");
    result_sort = timing("result_sort");
  }

  const EngineOptions options;
  Queryable& storage;
  Pool* const pool;
  const Clock& clock;
  std::atomic<DurationMs> default_step;
  Budget total_memory;
  Admission admission;
  Gauge queries;
  Counter samples;
  Observer queue_time, prepare_time, inner_eval, result_sort;
};

Engine::Engine(const EngineOptions& options, Queryable& storage, Pool* pool, Registry& registry)
    : state_(std::make_unique<State>(options, storage, pool, registry)) {}

Engine::~Engine() = default;

void Engine::set_default_step(DurationMs step) { state_->default_step = step; }

const EngineOptions& Engine::options() const { return state_->options; }

QueryResult Engine::run(const QueryRequest& request) {
  State& state = *state_;
  const EngineOptions& options = state.options;
  const ExprPtr expr = parse_expr(request.text, options.parse);
  const bool is_range = request.step > 0;
  const ValueType type = value_type(*expr);
  if (is_range && type != ValueType::kVector && type != ValueType::kScalar) {
    throw Error(ErrorKind::kBadData,
                fmt::format("invalid expression type \"{}\" for range query, must be Scalar or "
                            "instant Vector",
                            value_type_name(type)));
  }
  const int64_t started = state.clock.monotonic_nanos();
  const auto seconds_since = [&](int64_t from) {
    return static_cast<double>(state.clock.monotonic_nanos() - from) / kNanos;
  };
  DurationMs timeout = options.timeout;
  if (request.timeout > 0) timeout = std::min(timeout, request.timeout);
  const int64_t deadline = started + timeout * 1'000'000;

  const InFlight in_flight(state.queries);
  const Ticket ticket(state.admission, state.clock, deadline, request.canceled);
  QueryResult result;
  result.stats.queue_seconds = seconds_since(started);
  state.queue_time.observe(result.stats.queue_seconds);

  const int64_t admitted = state.clock.monotonic_nanos();
  Budget budget(options.max_memory_bytes, "query", &state.total_memory);
  Context context(options, budget, state.pool);
  context.lookback = request.lookback_delta > 0 ? request.lookback_delta : options.lookback_delta;
  context.canceled = request.canceled;
  context.clock = &state.clock;
  context.deadline_nanos = deadline;
  const Steps steps = query_steps(request);
  context.steps = steps.count;
  if (request.per_step_stats) context.track_steps();
  {
    Plan plan = Planner(options, request, context.lookback, state.default_step).plan(*expr);
    if (plan.selects) context.querier = state.storage.querier(plan.range);
    context.check();
    open(plan, context);
    result.stats.prepare_seconds = seconds_since(admitted);
    state.prepare_time.observe(result.stats.prepare_seconds);

    const int64_t opened = state.clock.monotonic_nanos();
    collect(plan, request, context, result);
    result.stats.inner_eval_seconds = seconds_since(opened);
    state.inner_eval.observe(result.stats.inner_eval_seconds);

    const int64_t collected = state.clock.monotonic_nanos();
    sort_series(plan, result);
    state.result_sort.observe(seconds_since(collected));
  }
  context.check();
  context.annotations.texts(request.text, result.warnings, result.infos);
  result.stats.total_samples = context.total_samples();
  for (size_t i = 0; context.tracks_steps() && i < steps.count; ++i) {
    result.stats.samples_per_step.emplace_back(steps.at(i), context.samples_at(i));
  }
  result.stats.peak_samples = context.peak_cells();
  result.stats.peak_bytes = budget.peak();
  result.stats.eval_seconds = seconds_since(admitted);
  result.stats.exec_seconds = seconds_since(started);
  state.samples.add(static_cast<double>(result.stats.total_samples));
  return result;
}

}  // namespace hearth::promql
