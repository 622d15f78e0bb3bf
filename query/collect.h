// Rows -> what a query answers.
#pragma once

#include "query/plan.h"
#include "query/result.h"

namespace hearth::promql {

// Opens the plan's operators. Reads no sample.
void open(Plan& plan, Context& context);

// Runs the opened plan; `result` gets its type and its series, in the order of the operators.
void collect(Plan& plan, const QueryRequest& request, Context& context, QueryResult& result);

// By labels, or as the expression orders them.
void sort_series(const Plan& plan, Context& context, QueryResult& result);

}  // namespace hearth::promql
