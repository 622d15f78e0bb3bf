// sum, avg, min, max, count, group, stddev, stdvar: rows are folded into groups as they come.
#pragma once

#include <vector>

#include "query/ast.h"
#include "query/fold_source.h"
#include "query/label_sets.h"
#include "query/operator.h"

namespace hearth::promql {

// Which group each series belongs to. Immutable after open().
class Grouping {
 public:
  Grouping(const std::vector<std::string>& labels, bool without);
  // Numbers the groups in the order of their first series; `groups` becomes their series.
  void open(Context& context, const SeriesList& in, SeriesList& groups);
  uint32_t operator[](size_t series) const { return group_[series]; }
  size_t size() const { return count_; }

 private:
  LabelNames names_;
  Reservation reserved_;
  std::vector<uint32_t> group_;
  size_t count_ = 0;
};

// `child_pos` is where the operand of this one stands.
OperatorPtr make_fold_aggregate(AggregateOp op, FoldSourcePtr source, Grouping grouping,
                                PosRange child_pos);

}  // namespace hearth::promql
