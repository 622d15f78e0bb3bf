// Which error is told of a query in which several things fail. Prometheus evaluates one expression
// after another, each at all steps, what it is made of before itself; operators here fail when
// somebody asks them for rows. So what has failed is tried again in that order, part by part.
#pragma once

#include <functional>

#include "query/plan.h"

namespace hearth::promql {

// Throws the error of the first part that fails by itself; `run` evaluates one. Returns where none
// does: then the error is of the whole.
void throw_first_error(const Expr& expr, Planner planner, const std::function<void(Plan&)>& run);

// Whether evaluation may end in an error that the storage and the limits have no part in.
bool may_fail(const Expr& expr);

}  // namespace hearth::promql
