// What is told when a query gets no more memory.
#pragma once

#include "core/budget.h"
#include "query/plan.h"

namespace hearth::promql {

// Names the limit, the selector that is to blame, and what to do.
TooLarge memory_error(const OverBudget& error, const Plan& plan, size_t steps);

}  // namespace hearth::promql
