// What a query has done so far, operator by operator: the plan as a tree with what each of its
// nodes cost. Each operator of every query is wrapped in one that watches it, for two looks at the
// clock a slice of rows.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "query/operator.h"
#include "query/select_op.h"

namespace hearth::promql {

// One node of a plan. What it did is its own, not its children's. Its numbers may be read while the
// query runs; the rest is fixed by the planner.
struct PlanNode {
  const Expr* expr = nullptr;  // must outlive it
  size_t steps = 0;
  SelectionPtr selection;               // of selectors
  std::vector<std::string_view> notes;  // what was saved
  std::vector<std::unique_ptr<PlanNode>> children;

  std::atomic<size_t> series{0};  // known when it is open
  std::atomic<int64_t> rows{0};   // computed of these
  std::atomic<int64_t> nanos{0};  // of all threads
  std::atomic<int64_t> samples{0};
  std::atomic<int64_t> bytes{0};  // what it holds, its children too

  PlanNode& add(const Expr& of, size_t step_count);
};

// The time of the calling thread goes to `node` as long as this lives, and then to the one before.
// Null: to nobody.
class NodeTimer {
 public:
  explicit NodeTimer(PlanNode* node);
  ~NodeTimer();
  NodeTimer(const NodeTimer&) = delete;
  NodeTimer& operator=(const NodeTimer&) = delete;
  static PlanNode* current();  // the node that the calling thread works for; null: none
  static void count_now();     // brings its time up to date, for those who look on

 private:
  PlanNode* const before_;
};

// `node` must outlive it.
OperatorPtr make_explained(OperatorPtr child, PlanNode& node);

// {"operator":"sum","expr":"...","series":1,...,"children":[...]}
std::string explain_json(const PlanNode& node);

}  // namespace hearth::promql
