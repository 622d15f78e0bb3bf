// Aggregations that look at all values of a group: topk, bottomk, limitk, limit_ratio, quantile,
// count_values.
#pragma once

#include <string>

#include "query/aggregate.h"

namespace hearth::promql {

struct ParamAggregate {
  AggregateOp op;
  OperatorPtr child;
  OperatorPtr param;  // a scalar
  Grouping grouping;
  PosRange pos, child_pos, param_pos;
};
OperatorPtr make_topk(ParamAggregate parts);  // topk, bottomk, limitk, limit_ratio
OperatorPtr make_quantile(ParamAggregate parts);

// Throws Error(kExecution) when it cannot be a label's name.
void check_count_values_label(const std::string& label);
// `label` gets the value.
OperatorPtr make_count_values(OperatorPtr child, const std::string& label,
                              std::vector<std::string> grouping, bool without);

}  // namespace hearth::promql
