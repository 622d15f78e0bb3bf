// What is known of each series' metadata. Memory has it as soon as the log's series are known, so that
// nothing is logged twice.
#include "tsdb/head_state.h"

namespace hearth::tsdb {

bool HeadState::has_metadata(const Series& series, const Metadata& metadata) {
  const SeriesExtra* const extra = extras.find(series);
  return extra != nullptr && extra->metadata && *extra->metadata == metadata;
}

bool HeadState::set_metadata(SeriesRef ref, const Metadata& metadata) {
  Series* const series = table.find(ref);
  if (series == nullptr) return false;
  ByteLockGuard lock(series->lock);
  if (series->labels == 0) return false;
  extras.get_or_add(*series).metadata = std::make_unique<Metadata>(metadata);
  return true;
}

}  // namespace hearth::tsdb
