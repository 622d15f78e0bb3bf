// histogram_quantile and its kin, for classic and native histograms.
#pragma once

#include <string_view>

#include "query/ast.h"
#include "query/operator.h"

namespace hearth::promql {

// histogram_quantile(scalars[0], child), histogram_fraction(scalars[0], scalars[1], child),
// histogram_quantiles(child, label, scalars...).
enum class HistogramFunction { kQuantile, kFraction, kQuantiles };
struct HistogramCall {
  HistogramFunction function;
  OperatorPtr child;
  std::vector<OperatorPtr> scalars;
  std::string label;  // of kQuantiles
  PosRange child_pos;
  std::vector<PosRange> scalar_pos;
};
OperatorPtr make_histogram_function(HistogramCall call);

// histogram_count, _sum, _avg, _stddev, _stdvar: one float of each native histogram. nullptr when
// `name` is none.
using HistogramNumber = double (*)(const FloatHistogram&);
HistogramNumber find_histogram_number(std::string_view name);
OperatorPtr make_histogram_number(HistogramNumber function, OperatorPtr child);

}  // namespace hearth::promql
