// The storage of the scripts: samples by label set, in memory.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/storage.h"

namespace hearth::promql::script {

// Histograms get the reset hints that a head with chunks would give them. One thread writes, then
// many may read.
class MemoryStorage final : public Queryable {
 public:
  // Samples of a series are appended in the order of time.
  void append(const Labels& labels, TimeMs t, double v, TimeMs start = 0);
  void append(const Labels& labels, TimeMs t, FloatHistogram histogram, TimeMs start = 0);
  void clear() { series_.clear(); }

  std::unique_ptr<Querier> querier(TimeRange range) override;

  struct Series {
    Columns samples;
    bool last_is_histogram = false;
    bool gauge_chunk = false;
  };

 private:
  std::map<Labels, Series> series_;
};

}  // namespace hearth::promql::script
