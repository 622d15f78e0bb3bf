#include "tsdb/series_extra.h"

#include "tsdb/chunk_histogram.h"

namespace hearth::tsdb {

SeriesExtra::SeriesExtra() = default;
SeriesExtra::~SeriesExtra() = default;

SeriesExtra& SeriesExtras::get_or_add(Series& series) {
  MutexLock lock(mutex_);
  if (series.extra == 0) {
    if (unused_.empty()) {
      extras_.emplace_back();
      unused_.push_back(static_cast<uint32_t>(extras_.size()));
    }
    series.extra = unused_.back();
    unused_.pop_back();
  }
  return extras_[series.extra - 1];
}

void SeriesExtras::remove(Series& series) {
  if (series.extra == 0) return;
  MutexLock lock(mutex_);
  SeriesExtra& extra = extras_[series.extra - 1];
  extra.histogram.reset();
  extra.out_of_order.reset();
  extra.metadata.reset();
  extra.deleted = {};
  unused_.push_back(series.extra);
  series.extra = 0;
}

void SeriesExtras::remove_if_empty(Series& series) {
  const SeriesExtra* const extra = find(series);
  if (extra != nullptr && extra->empty()) remove(series);
}

}  // namespace hearth::tsdb
