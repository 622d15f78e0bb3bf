#include "query/running_query.h"

#include "core/error.h"
#include "query/explain.h"

namespace hearth::promql {
namespace {

constexpr double kNanos = 1e9;

std::string phase(QueryState state) {
  return state == QueryState::kQueued    ? "query queue"
         : state == QueryState::kRunning ? "expression evaluation"
                                         : "result encoding";
}

}  // namespace

std::string_view state_name(QueryState state) {
  return state == QueryState::kQueued    ? "queued"
         : state == QueryState::kRunning ? "running"
                                         : "answering";
}

RunningQuery::RunningQuery(Asked asked, size_t max_memory_bytes, const Clock& clock,
                           int64_t deadline_nanos, const std::atomic<bool>* canceled,
                           std::shared_ptr<RunningQueries> all)
    : asked_(std::move(asked)),
      all_(std::move(all)),
      id_(all_->next_id()),
      clock_(clock),
      began_(clock.now()),
      began_nanos_(clock.monotonic_nanos()),
      deadline_nanos_(deadline_nanos),
      client_gone_(canceled),
      budget_(max_memory_bytes, "query", &all_->total_memory(), [this] { check(); }) {
  all_->enter(*this);
}

RunningQuery::~RunningQuery() { all_->leave(*this); }

void RunningQuery::check() const {
  const bool gone = client_gone_ != nullptr && client_gone_->load(std::memory_order_relaxed);
  if (gone || killed_.load(std::memory_order_relaxed)) {
    throw Error(ErrorKind::kCanceled, "query was canceled in " + phase(state()));
  }
  const bool timed = deadline_nanos_ != 0 && state() != QueryState::kAnswering;
  if (timed && clock_.monotonic_nanos() > deadline_nanos_) {
    throw Error(ErrorKind::kTimeout, "query timed out in " + phase(state()));
  }
  NodeTimer::count_now();  // here because this is asked every few milliseconds
}

QueryView RunningQuery::view() const {
  const int64_t age = clock_.monotonic_nanos() - began_nanos_;
  return {id_,     asked_,         began_,         static_cast<double>(age) / kNanos,
          state(), budget_.used(), budget_.peak(), samples.load(std::memory_order_relaxed),
          ""};
}

std::string RunningQuery::plan_json() const {
  MutexLock lock(plan_mutex_);
  return plan_ == nullptr ? "" : explain_json(*plan_);
}

std::vector<QueryView> RunningQueries::views() const {
  std::vector<QueryView> views;
  MutexLock lock(mutex_);
  views.reserve(queries_.size());
  for (const auto& [id, query] : queries_) views.push_back(query->view());
  return views;
}

std::optional<QueryView> RunningQueries::view(uint64_t id) const {
  std::shared_ptr<const RunningQuery> query;
  {
    MutexLock lock(mutex_);
    const auto found = queries_.find(id);
    if (found != queries_.end()) query = found->second->weak_from_this().lock();
  }
  if (query == nullptr) return std::nullopt;
  QueryView view = query->view();
  view.plan = query->plan_json();
  return view;
}

bool RunningQueries::cancel(uint64_t id) {
  MutexLock lock(mutex_);
  const auto found = queries_.find(id);
  if (found == queries_.end()) return false;
  found->second->cancel();
  return true;
}

void RunningQueries::enter(RunningQuery& query) {
  MutexLock lock(mutex_);
  queries_.emplace(query.id_, &query);
}

void RunningQueries::leave(const RunningQuery& query) {
  MutexLock lock(mutex_);
  queries_.erase(query.id_);
}

}  // namespace hearth::promql
