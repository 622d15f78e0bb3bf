// An expression over time as a source of windows: expr[1h:1m].
#pragma once

#include "query/window.h"

namespace hearth::promql {

// The times of a subquery: multiples of its step, in (first instant - range, last instant].
Steps subquery_steps(const Instants& instants, DurationMs range, DurationMs step);

// `child` has the steps of subquery_steps().
RangeSourcePtr make_subquery(Instants instants, DurationMs range, OperatorPtr child,
                             Counted counted);

}  // namespace hearth::promql
