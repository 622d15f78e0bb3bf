// Sums and means of many native histograms, for aggregations and functions over time.
#pragma once

#include <memory>
#include <optional>

#include "core/histogram_math.h"
#include "query/histogram_notes.h"

namespace hearth::promql {

// One thread.
class HistogramTotal {
 public:
  explicit HistogramTotal(bool mean) : mean_(mean) {}
  // Returns false, and stays as it was, where the kinds of buckets do not go together.
  bool add(const FloatHistogram& histogram);
  FloatHistogram total() const;
  // Tells what happened on the way; of some only if there is a result.
  void tell(Context& context, PosRange pos, bool is_result = true) const;

 private:
  std::optional<HistogramMerge> merge(const FloatHistogram& histogram);

  const bool mean_;
  bool incremental_ = false;  // the sum would overflow: the mean is kept instead
  double count_ = 0;
  std::optional<HistogramSum> sum_;
  bool reset_seen_ = false, not_reset_seen_ = false, reconciled_ = false;
};

}  // namespace hearth::promql
