// Operations on shared native histograms: each makes a new one.
#pragma once

#include "query/ast.h"
#include "query/context.h"
#include "query/rows.h"

namespace hearth::promql {

HistogramPtr scaled(Context& context, const FloatHistogram& histogram, double factor);

// A binary operation with a histogram on at least one side (or a trim of floats). Invalid
// combinations give no point.
struct MixedResult {
  bool valid = false;
  bool keep = false;  // of comparisons: whether it holds
  HistogramPtr histogram;
  Annotations::Note note;
};
MixedResult combine_histograms(Context& context, BinaryOp op, double left,
                               const HistogramPtr& left_histogram, double right,
                               const HistogramPtr& right_histogram);

}  // namespace hearth::promql
