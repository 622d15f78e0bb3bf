#include "query/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/mutex.h"
#include "query/active_queries.h"
#include "query/admission.h"
#include "query/collect.h"
#include "query/first_error.h"
#include "query/memory_error.h"
#include "query/plan.h"
#include "query/query_log.h"

namespace hearth::promql {
namespace {

constexpr int64_t kNanos = 1'000'000'000;

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
        running(std::make_shared<RunningQueries>(engine_options.max_total_memory_bytes)),
        admission(std::max(1, engine_options.max_concurrency)),
        active(options.active_queries_file,
               static_cast<size_t>(std::max(1, options.max_concurrency)), clock),
        log(registry) {
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

  double seconds_since(int64_t nanos) const {
    return static_cast<double>(clock.monotonic_nanos() - nanos) / kNanos;
  }
  void evaluate(const QueryRequest& request, const Expr& expr, QueryResult& result);
  void take_stats(const Context& context, const Steps& steps, int64_t began,
                  QueryStats& stats) const;
  void run_plan(Plan& plan, const QueryRequest& request, Context& context, QueryResult& result);
  void throw_first(const QueryRequest& request, const Expr& expr, RunningQuery& query) const;
  DurationMs lookback(const QueryRequest& request) const {
    return request.lookback_delta > 0 ? request.lookback_delta : options.lookback_delta;
  }

  const EngineOptions options;
  Queryable& storage;
  Pool* const pool;
  const Clock& clock;
  std::atomic<DurationMs> default_step;
  const std::shared_ptr<RunningQueries> running;
  Admission admission;
  ActiveQueries active;
  QueryLog log;
  PastQueries past;
  Gauge queries;
  Counter samples;
  Observer queue_time, prepare_time, inner_eval, result_sort;
};

Engine::Engine(const EngineOptions& options, Queryable& storage, Pool* pool, Registry& registry)
    : state_(std::make_unique<State>(options, storage, pool, registry)) {}

Engine::~Engine() = default;

void Engine::set_default_step(DurationMs step) { state_->default_step = step; }

void Engine::open_query_log(const std::string& path) { state_->log.open(path); }

const EngineOptions& Engine::options() const { return state_->options; }

std::vector<QueryView> Engine::running() const { return state_->running->views(); }

std::optional<QueryView> Engine::running(uint64_t id) const { return state_->running->view(id); }

const PastQueries& Engine::past() const { return state_->past; }

bool Engine::cancel(uint64_t id) { return state_->running->cancel(id); }

QueryResult Engine::run(const QueryRequest& request) {
  State& state = *state_;
  const EngineOptions& options = state.options;
  const ExprPtr expr = parse_expr(request.text, options.parse);
  const ValueType type = value_type(*expr);
  if (request.step > 0 && type != ValueType::kVector && type != ValueType::kScalar) {
    throw Error(ErrorKind::kBadData,
                fmt::format("invalid expression type \"{}\" for range query, must be Scalar or "
                            "instant Vector",
                            value_type_name(type)));
  }
  DurationMs timeout = options.timeout;
  if (request.timeout > 0) timeout = std::min(timeout, request.timeout);
  const int64_t started = state.clock.monotonic_nanos();
  QueryResult result;
  result.query = std::make_shared<RunningQuery>(
      RunningQuery::Asked{request.text, request.start, request.end, request.step, request.caller},
      options.max_memory_bytes, state.clock, started + timeout * 1'000'000, request.canceled,
      state.running);
  const InFlight in_flight(state.queries);
  const auto end = [&](const std::string& error) {
    const double seconds = result.stats.exec_seconds = state.seconds_since(started);
    state.past.add({request.text, 1, error.empty() ? 0u : 1u, seconds, seconds,
                    result.stats.total_samples, result.stats.peak_bytes, state.clock.now()});
    if (!state.log.is_open()) return;
    state.log.write(result.query->asked(), error, result.stats, system_clock().now());
  };
  try {
    const Ticket ticket(state.admission, *result.query);
    const ActiveQueries::Entry entry(state.active, ticket.number(), request.text);
    result.stats.queue_seconds = state.seconds_since(started);
    state.queue_time.observe(result.stats.queue_seconds);
    result.query->set_state(QueryState::kRunning);
    state.evaluate(request, *expr, result);
  } catch (const std::exception& error) {
    end(error.what());
    throw;
  }
  end("");
  result.query->set_state(QueryState::kAnswering);
  return result;
}

void Engine::State::run_plan(Plan& plan, const QueryRequest& request, Context& context,
                             QueryResult& result) {
  QueryStats& stats = result.stats;
  const int64_t began = clock.monotonic_nanos();
  open(plan, context);
  stats.prepare_seconds = seconds_since(began);
  prepare_time.observe(stats.prepare_seconds);

  const int64_t opened = clock.monotonic_nanos();
  collect(plan, request, context, result);
  stats.inner_eval_seconds = seconds_since(opened);
  inner_eval.observe(stats.inner_eval_seconds);

  const int64_t collected = clock.monotonic_nanos();
  sort_series(plan, context, result);
  stats.sort_seconds = seconds_since(collected);
  result_sort.observe(stats.sort_seconds);
}

void Engine::State::evaluate(const QueryRequest& request, const Expr& expr, QueryResult& result) {
  const int64_t began = clock.monotonic_nanos();
  const Steps steps = query_steps(request);
  Context context(options, *result.query, pool);
  context.lookback = lookback(request);
  context.steps = steps.count;
  if (options.per_step_stats && request.per_step_stats) context.track_steps();
  context.explains = true;
  try {
    PlanNode watched;
    Planner planner(options, request, context.lookback, default_step);
    planner.explain_to(&watched);
    Plan plan = planner.plan(expr);
    const bool has_nodes = !watched.children.empty();
    std::optional<RunningQuery::Shown> shown;
    if (has_nodes) shown.emplace(*result.query, *watched.children[0]);
    for (const SelectionPtr& selection : plan.selections) {
      past.add_selector(selection->matchers(), clock.now());
    }
    if (!plan.selections.empty()) context.querier = storage.querier(plan.range);
    context.check();
    try {
      run_plan(plan, request, context, result);
    } catch (const OverBudget& error) {
      throw memory_error(error, plan, steps.count);
    }
    context.check();
    if (request.explain && has_nodes) result.explain = explain_json(*watched.children[0]);
  } catch (const TooLarge&) {
    take_stats(context, steps, began, result.stats);
    throw;
  } catch (const Error& error) {
    take_stats(context, steps, began, result.stats);
    if (error.kind() == ErrorKind::kExecution) throw_first(request, expr, *result.query);
    throw;
  }
  take_stats(context, steps, began, result.stats);
  context.annotations.texts(request.text, result.warnings, result.infos);
  if (context.querier) {
    for (std::string& text : context.querier->warnings())
      result.warnings.push_back(std::move(text));
  }
}

void Engine::State::throw_first(const QueryRequest& request, const Expr& expr,
                                RunningQuery& query) const {
  const Planner planner(options, request, lookback(request), default_step);
  try {
    throw_first_error(expr, planner, [&](Plan& given) {
      Context context(options, query, pool);
      Plan part = std::move(given);  // ends before its context
      context.lookback = lookback(request);
      context.steps = query_steps(request).count;
      if (part.range.min <= part.range.max) context.querier = storage.querier(part.range);
      open(part, context);
      part.root->prepare(context);
      compute_all(context, *part.root);
    });
  } catch (const OverBudget&) {
  } catch (const TooLarge&) {  // the first attempt was not
  }
}

void Engine::State::take_stats(const Context& context, const Steps& steps, int64_t began,
                               QueryStats& stats) const {
  stats.total_samples = context.total_samples();
  for (size_t i = 0; context.tracks_steps() && i < steps.count; ++i) {
    stats.samples_per_step.emplace_back(steps.at(i), context.samples_at(i));
  }
  stats.peak_samples = context.peak_samples();
  stats.peak_bytes = context.budget.peak();
  stats.eval_seconds = seconds_since(began);
  samples.add(static_cast<double>(stats.total_samples));
}

}  // namespace hearth::promql
