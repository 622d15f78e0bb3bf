// What explain=true tells: the plan as a tree, and what each of its nodes did. Nothing of this is
// there for other queries: each operator is wrapped in one that watches it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "query/operator.h"
#include "query/select_op.h"

namespace hearth::promql {

// One node of a plan. What it did is its own, not its children's. Thread-safe while the query runs.
struct PlanNode {
  std::string name;  // "sum", "rate", "selector"
  std::string text;  // the expression
  size_t steps = 0;
  size_t series = 0;
  SelectionPtr selection;          // of selectors
  std::vector<std::string> notes;  // what was saved
  std::atomic<int64_t> nanos{0};   // of all threads
  std::atomic<int64_t> samples{0};
  int64_t bytes = 0;  // what it holds, its children too
  std::vector<std::unique_ptr<PlanNode>> children;

  PlanNode& add(const Expr& expr, size_t step_count);
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

 private:
  PlanNode* const before_;
};

// `node` must outlive it.
OperatorPtr make_explained(OperatorPtr child, PlanNode& node);

// {"operator":"sum","expr":"...","series":1,...,"children":[...]}
std::string explain_json(const PlanNode& node);

}  // namespace hearth::promql
