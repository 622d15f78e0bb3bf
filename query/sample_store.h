// Samples in memory by label set: what unit tests of rules and the scripts of PromQL load and
// query.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/storage.h"

namespace hearth::promql {

// Histograms get the reset hints that a head with chunks would give them. One thread writes, then
// many may read.
class SampleStore final : public Queryable, public Appender {
 public:
  // Samples of a series are appended in the order of time.
  void append(const Labels& labels, TimeMs t, double v, TimeMs start = 0);
  void append(const Labels& labels, TimeMs t, FloatHistogram histogram, TimeMs start = 0);
  void clear();

  std::unique_ptr<Querier> querier(TimeRange range) override;

  // Refuses what is not newer than its series' newest sample.
  using Appender::intern;
  SeriesRef intern(LabelsView labels, SeriesSource* source) override;
  AppendResult append(const Batch& batch) override;

  struct Series {
    SeriesRef ref = 0;
    Columns samples;
    bool last_is_histogram = false;
    bool gauge_chunk = false;
  };
  using Entry = std::pair<const Labels, Series>;

 private:
  Entry& entry(const Labels& labels);

  std::map<Labels, Series> series_;
  std::unordered_map<std::string, std::vector<Entry*>> by_name_;  // those of one metric name
  std::vector<Entry*> by_ref_;                                    // ref 1 is the first
};

}  // namespace hearth::promql
