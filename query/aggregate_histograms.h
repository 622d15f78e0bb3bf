// sum and avg of native histograms.
#pragma once

#include <utility>
#include <vector>

#include "query/ast.h"
#include "query/label_sets.h"
#include "query/operator.h"

namespace hearth::promql {

// One histogram that a group gets: where it belongs and from which series it comes.
struct GroupedHistogram {
  uint64_t cell;  // group * steps + step
  uint32_t series;
  HistogramPtr histogram;
  bool after_float = false;  // whether a series before it gives the cell a float
};

// Adds the sums (means) to `groups`, cell by cell in the order of the series. A cell that has a
// float already becomes empty, with a warning; what comes after something that does not go together
// is not looked at, as in Prometheus.
void fold_histograms(Context& context, bool mean, std::vector<GroupedHistogram>& parts,
                     const SeriesList& series, PosRange pos, Rows& groups);

}  // namespace hearth::promql
