// Durations that are computed from others, such as [5m * 2] and offset -step(). What they come to
// depends on the query's times only, so each is known before anything is planned.
#pragma once

#include "query/ast.h"
#include "query/engine.h"

namespace hearth::promql {

// Thread-safe. The request must outlive it.
class ComputedDurations {
 public:
  explicit ComputedDurations(const QueryRequest& request) : request_(request) {}

  // Throws what value() throws of each of them that is in `expr`, in the order of Prometheus.
  void check(const Expr& expr) const;

  // `computed`, or `written` where that is null. Throws Error(kBadData), with a position, for a
  // division by zero, what is out of range, and, if it is to be positive, what is not.
  enum class Sign { kAny, kPositive };
  DurationMs value(const ExprPtr& computed, DurationMs written, Sign sign) const;

 private:
  double seconds(const Expr& expr) const;

  const QueryRequest& request_;
};

}  // namespace hearth::promql
