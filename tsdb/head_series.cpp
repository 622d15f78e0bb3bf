// Finding and making the head's series.
#include "core/hash.h"
#include "tsdb/head_state.h"

namespace hearth::tsdb {

uint64_t HeadState::hash(LabelsView labels) const {
  return xxhash64(labels.flat(), process_seed());
}

std::pair<SeriesRef, bool> HeadState::find_or_add(LabelsView labels, SeriesRef wanted,
                                                  SeriesSource* source, Indexed indexed) {
  const Epoch::Guard guard = epoch.enter();
  const uint64_t hashed = hash(labels);
  const auto tag = static_cast<uint32_t>(hashed);
  Stripe& home = stripe(hashed);
  MutexLock lock(home.mutex);
  const SeriesRef found = home.refs.find(
      tag, [&](SeriesRef ref) { return sets.equal(table.find(ref)->labels, labels); });
  if (found != 0) {
    Series& series = *table.find(found);
    ByteLockGuard series_lock(series.lock);
    series.flags = static_cast<uint8_t>((series.flags | Series::kInterned) & ~Series::kDying);
    return {found, false};
  }
  if (!admission.admit(source)) return {0, false};
  const LabelSets::Handle set = sets.add(labels);
  // One after another, so that refs come to the index's lists in their order: a ref in between would
  // have a list copied.
  MutexLock creation_lock(creation);
  const SeriesRef ref = wanted != 0 ? wanted : newest_ref.fetch_add(1) + 1;
  Series& series = table.add(ref);
  {
    ByteLockGuard series_lock(series.lock);
    series.labels = set;
    series.flags = Series::kInterned;
  }
  if (indexed == Indexed::kNow) index.add(ref, set);
  home.refs.insert(tag, ref);
  series_count.fetch_add(1);
  metrics.series.add(1);
  metrics.series_created.add();
  return {ref, true};
}

}  // namespace hearth::tsdb
