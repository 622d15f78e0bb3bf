// Expression -> operators: which instants are looked at, what is shared, what is the same at every
// step.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "query/ast.h"
#include "query/computed_durations.h"
#include "query/engine.h"
#include "query/explain.h"
#include "query/fold_source.h"
#include "query/operator.h"
#include "query/window.h"

namespace hearth::promql {

// What a query runs. One of the three is set, by type.
struct Plan {
  ValueType type = ValueType::kNone;
  OperatorPtr root;       // a vector or a scalar
  RangeSourcePtr matrix;  // of an instant query
  std::string string;
  std::vector<SelectionPtr> selections;  // what is asked of the storage
  TimeRange range{kMaxTime, kMinTime};   // in which they may be
};

// One thread; makes one plan. The tree need not outlive it.
class Planner {
 public:
  // `lookback` is the query's; `default_step` that of subqueries without a step.
  Planner(const EngineOptions& options, const QueryRequest& request, DurationMs lookback,
          DurationMs default_step);
  // Throws Error(kExecution) for arguments that cannot work at any time.
  Plan plan(const Expr& expr);
  // Where plan() tells its nodes, and what they do; must outlive the plan, and the tree must
  // outlive it.
  void explain_to(PlanNode* node) { explained_ = node; }
  // `attempt` is given each part of the expression that may fail, as a plan of its own, before what
  // it is a part of; not the whole. See first_error.h.
  void attempt_with(std::function<void(Plan&)> attempt) { attempt_ = std::move(attempt); }

 private:
  using Sign = ComputedDurations::Sign;

  OperatorPtr build(const Expr& expr, Steps steps);
  OperatorPtr build_node(const Expr& expr, Steps steps);
  void attempt(const Expr& expr, Steps steps) const;
  OperatorPtr build_varying(const Expr& expr, Steps steps);
  OperatorPtr build_aggregate(const AggregateExpr& expr, Steps steps);
  FoldSourcePtr fold_source(const Expr& operand, Steps steps);
  // The same for expressions that are written equally and evaluated equally.
  std::string evaluation_key(const Expr& expr, Steps steps) const;
  OperatorPtr build_binary(const BinaryExpr& expr, Steps steps);
  OperatorPtr build_selector(const VectorSelector& selector, Steps steps, SelectOp::Give give);

  // ---- plan_call.cpp
  OperatorPtr build_call(const Call& call, Steps steps);
  OperatorPtr build_scalar_call(const Call& call, Steps steps);
  OperatorPtr build_label_call(const Call& call, Steps steps);
  OperatorPtr build_histogram_call(const Call& call, Steps steps);
  OperatorPtr build_info(const Call& call, Steps steps);
  OperatorPtr build_range_call(const Call& call, Steps steps);
  RangeSourcePtr build_range(const Expr& expr, Steps steps);
  RangeSourcePtr build_range_source(const Expr& expr, Steps steps);
  std::vector<OperatorPtr> build_scalars(const Call& call, size_t first, Steps steps);

  // Whether the value is the same at every step.
  bool is_invariant(const Expr& expr);
  PosRange argument_pos(const Call& call, size_t i);
  bool compute_invariant(const Expr& expr);

  Instants instants(Steps steps, AtKind at_kind, TimeMs at, DurationMs offset) const;
  SelectionPtr selection(const std::vector<Matcher>& matchers, TimeRange range);
  SelectorTraits traits(const VectorSelector& selector) const;

  const EngineOptions& options_;
  const QueryRequest& request_;
  const ComputedDurations durations_;
  const DurationMs lookback_;
  const DurationMs default_step_;
  std::map<std::string, SelectionPtr> selections_;  // by their matchers
  std::unordered_map<const Expr*, bool> invariant_;
  std::map<std::string, FoldSourcePtr> folded_;  // what aggregations fold, by its text and steps
  // How many calls around what is being built look at counts and sums of histograms only, and how
  // many things around it need all of them, or their true hints.
  int counts_only_ = 0, whole_histograms_ = 0;
  size_t aggregations_ = 0;  // built so far: these hold their rows, see settle.h
  Counted counted_ = Counted::kOnce;  // how samples of what is being built count
  TimeRange range_{kMaxTime, kMinTime};
  PlanNode* explained_ = nullptr;  // the node around what is being built
  std::function<void(Plan&)> attempt_;
  const Expr* whole_ = nullptr;
};

// The times at which a query is evaluated.
Steps query_steps(const QueryRequest& request);

// The text of a string argument.
const std::string& string_argument(const Expr& expr);

}  // namespace hearth::promql
