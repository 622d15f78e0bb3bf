// The queries that an engine has at this moment: who asked, since when, what they hold, and how one
// of them is ended.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/budget.h"
#include "core/clock.h"
#include "core/mutex.h"

namespace hearth::promql {

// Who asked. Empty texts are not known.
struct QueryCaller {
  std::string client;  // the address, without the port
  std::string method, path;
  std::string user_agent, forwarded_for;
  std::string dashboard, panel;  // of Grafana
};

enum class QueryState { kQueued, kRunning, kAnswering };
std::string_view state_name(QueryState state);

class RunningQueries;

// What was asked, and by whom.
struct AskedQuery {
  std::string text;
  TimeMs start = 0, end = 0;
  DurationMs step = 0;
  QueryCaller caller;
};

// What others see of a query.
struct QueryView {
  uint64_t id = 0;
  AskedQuery asked;
  TimeMs began = 0;
  double age_seconds = 0;
  QueryState state = QueryState::kQueued;
  size_t memory_bytes = 0, peak_memory_bytes = 0;
  int64_t samples = 0;
  std::string plan;  // see explain_json(); of one query only, and empty where none runs
};

struct PlanNode;

// One query, from its beginning until its answer has been sent. Thread-safe.
class RunningQuery : public std::enable_shared_from_this<RunningQuery> {
 public:
  using Asked = AskedQuery;
  // `deadline_nanos` of the clock's monotonic time; 0 = none. `canceled` may be null.
  RunningQuery(Asked asked, size_t max_memory_bytes, const Clock& clock, int64_t deadline_nanos,
               const std::atomic<bool>* canceled, std::shared_ptr<RunningQueries> all);
  ~RunningQuery();
  RunningQuery(const RunningQuery&) = delete;
  RunningQuery& operator=(const RunningQuery&) = delete;

  // Throws Error(kCanceled) or Error(kTimeout) when the query shall end. Charges to the budget do
  // so, too.
  void check() const;
  void cancel() { killed_.store(true, std::memory_order_relaxed); }

  uint64_t id() const { return id_; }
  const Asked& asked() const { return asked_; }
  TimeMs began() const { return began_; }
  Budget& budget() { return budget_; }
  const Budget& budget() const { return budget_; }
  QueryState state() const { return state_.load(std::memory_order_relaxed); }
  void set_state(QueryState state) { state_.store(state, std::memory_order_relaxed); }

  // As long as this lives others can see what the nodes of a plan have done so far.
  class Shown {
   public:
    Shown(RunningQuery& query, const PlanNode& plan) : query_(query) { query_.show(&plan); }
    ~Shown() { query_.show(nullptr); }
    Shown(const Shown&) = delete;
    Shown& operator=(const Shown&) = delete;

   private:
    RunningQuery& query_;
  };

  // Samples that selectors returned so far, in Prometheus' count.
  std::atomic<int64_t> samples{0};

 private:
  friend class RunningQueries;
  void show(const PlanNode* plan) {
    MutexLock lock(plan_mutex_);
    plan_ = plan;
  }
  QueryView view() const;
  std::string plan_json() const;

  const Asked asked_;
  const std::shared_ptr<RunningQueries> all_;
  const uint64_t id_;
  const Clock& clock_;
  const TimeMs began_;
  const int64_t began_nanos_, deadline_nanos_;
  const std::atomic<bool>* const client_gone_;
  std::atomic<bool> killed_{false};
  std::atomic<QueryState> state_{QueryState::kQueued};
  Budget budget_;
  mutable Mutex plan_mutex_;
  const PlanNode* plan_ GUARDED_BY(plan_mutex_) = nullptr;
};

// Lives as long as the last of its queries. Thread-safe.
class RunningQueries {
 public:
  explicit RunningQueries(size_t max_total_memory_bytes)
      : total_memory_(max_total_memory_bytes, "all queries together") {}

  std::vector<QueryView> views() const;              // oldest first
  std::optional<QueryView> view(uint64_t id) const;  // with its plan
  bool cancel(uint64_t id);                          // false: there is no such query
  Budget& total_memory() { return total_memory_; }

 private:
  friend class RunningQuery;
  uint64_t next_id() { return ids_.fetch_add(1, std::memory_order_relaxed) + 1; }
  void enter(RunningQuery& query);
  void leave(const RunningQuery& query);

  mutable Mutex mutex_;
  std::map<uint64_t, RunningQuery*> queries_ GUARDED_BY(mutex_);
  std::atomic<uint64_t> ids_{0};
  Budget total_memory_;
};

}  // namespace hearth::promql
