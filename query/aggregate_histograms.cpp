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
    size_t end = begin;
    while (end < parts.size() && parts[end].cell == cell) ++end;
    bool valid = true, mixed = !is_absent(groups[group][step]);
    if (!parts[begin].after_float) {
      HistogramTotal total(mean);
      for (size_t i = begin; i < end && valid; ++i) {
        valid = total.add(*parts[i].histogram);
        if (valid) continue;
        mixed = parts[i].after_float;
        warn_mixed_schemas(context, series.labels[parts[i].series].metric_name(), pos);
      }
      total.tell(context, pos, valid && !mixed);
      if (valid && !mixed) groups.put(group, step, total.total());
    }
    if (mixed) {
      context.annotations.warn("encountered a mix of histograms and floats for aggregation", pos);
    }
    if (mixed || !valid) groups[group][step] = absent();
    begin = end;
  }
}

}  // namespace hearth::promql
