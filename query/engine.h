// The engine: admits queries, bounds them, runs them. The door of this folder.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "core/budget.h"
#include "core/metrics.h"
#include "core/storage.h"
#include "core/threads.h"
#include "query/parser.h"
#include "query/past_queries.h"
#include "query/result.h"
#include "query/running_query.h"

namespace hearth::promql {

struct EngineOptions {
  DurationMs lookback_delta = 5 * 60'000;
  DurationMs timeout = 2 * 60'000;
  int max_concurrency = 20;
  int64_t max_samples = 50'000'000;
  double settled_share = 1.0 / 16;    // of max_samples: above it see settle.h; tests vary it
  bool per_step_stats = false;        // whether a request may ask for them
  size_t max_memory_bytes = 0;        // per query; 0 = none
  size_t max_total_memory_bytes = 0;  // all queries together; 0 = none
  DurationMs default_step = 60'000;   // evaluation_interval: of subqueries without a step
  bool delayed_name_removal = false;
  bool use_start_timestamps = false;  // of counters, in rate, increase, irate and resets
  size_t helpers = ~size_t{0};        // threads of the pool that one query uses beside its own
  size_t slice_series = 256;          // series per slice of parallel work; tests vary it
  const Clock* clock = nullptr;       // for timeouts; null = the system's
  std::string active_queries_file;    // "" = none
  ParseOptions parse;
};

// One request. For an instant query start == end and step == 0.
struct QueryRequest {
  std::string text;
  TimeMs start = 0, end = 0;
  DurationMs step = 0;
  DurationMs lookback_delta = 0;  // 0 = the engine's
  DurationMs timeout = 0;         // 0 = the engine's; never longer than that
  bool per_step_stats = false;
  bool explain = false;
  const std::atomic<bool>* canceled = nullptr;  // looked at now and then; may be null
  QueryCaller caller;
};

// Thread-safe.
class Engine {
 public:
  // `storage` and `pool` must outlive it. `pool` null: everything runs on the caller.
  Engine(const EngineOptions& options, Queryable& storage, Pool* pool, Registry& registry);
  ~Engine();

  // Throws Error: kBadData (parse, type), kExecution, kTimeout, kCanceled, kInternal.
  QueryResult run(const QueryRequest& request);

  // Those that wait, run, or whose answer is on its way; oldest first.
  std::vector<QueryView> running() const;
  // One of them, with what its operators have done so far.
  std::optional<QueryView> running(uint64_t id) const;
  // Ends a query; false: there is none of this id.
  bool cancel(uint64_t id);

  // What was asked since the start.
  const PastQueries& past() const;

  // At reload.
  void set_default_step(DurationMs step);
  void open_query_log(const std::string& path);  // "" = none; throws Error(kIo)
  const EngineOptions& options() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth::promql
