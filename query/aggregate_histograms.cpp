#include "query/aggregate_histograms.h"

#include <algorithm>

#include "query/histogram_totals.h"

namespace hearth::promql {

void fold_histograms(Context& context, bool mean, std::vector<GroupedHistogram>& parts,
                     const SeriesList& series, PosRange pos, Rows& groups) {
  std::stable_sort(
      parts.begin(), parts.end(),
      [](const GroupedHistogram& a, const GroupedHistogram& b) { return a.cell < b.cell; });
  for (size_t begin = 0; begin < parts.size();) {
    const uint64_t cell = parts[begin].cell;
    const size_t group = cell / groups.steps(), step = cell % groups.steps();
    HistogramTotal total(mean);
    bool valid = true;
    size_t end = begin;
    for (; end < parts.size() && parts[end].cell == cell; ++end) {
      if (!valid || total.add(*parts[end].histogram)) continue;
      valid = false;
      warn_mixed_schemas(context, series.labels[parts[end].series].metric_name(), pos);
    }
    if (!is_absent(groups[group][step])) {
      context.annotations.warn("encountered a mix of histograms and floats for aggregation", pos);
      groups[group][step] = absent();
    } else if (valid) {
      groups.put(group, step, total.total());
    }
    total.tell(context, pos);
    begin = end;
  }
}

}  // namespace hearth::promql
