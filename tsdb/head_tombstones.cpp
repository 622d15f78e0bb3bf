// Deleting samples of the head: the log is told, and reads leave them out; their chunks go when all
// the head's chunks of that time go.
#include <algorithm>

#include "tsdb/head_commit.h"
#include "tsdb/select.h"
#include "tsdb/tombstones.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {
namespace {

// What of the range the series has samples in; none where nothing is to be deleted.
TimeRange deletable(const HeadState& state, Series& series, TimeRange range,
                    std::vector<SeriesRef>& unlogged, SeriesRef ref) {
  constexpr TimeRange kNone{kMaxTime, kMinTime};
  ByteLockGuard lock(series.lock);
  const Found found = look_at(series);
  if (found == Found::kUnknown || series.empty()) return kNone;
  if (found == Found::kNotLogged) unlogged.push_back(ref);
  return {std::max(range.min, state.chunks.first_time(series)),
          std::min<TimeMs>(range.max, series.last_time)};
}

}  // namespace

void HeadState::hide_samples(Series& series, TimeRange range) {
  ByteLockGuard lock(series.lock);
  add_interval(extras.get_or_add(series).deleted, range);
}

void HeadState::delete_samples(std::span<const Matcher> matchers, TimeRange range) {
  const Epoch::Guard guard = epoch.enter();
  const CommitInFlight in_flight(isolation);  // the series that are looked at stay
  const HeadIndexReader reader(index, sets, table);
  std::string record;
  std::vector<SeriesRef> unlogged;
  std::vector<std::pair<Series*, TimeRange>> deleted;
  for (const SeriesRef ref : select_series(reader, matchers)) {
    Series* const series = table.find(ref);
    if (series == nullptr) continue;
    const TimeRange of = deletable(*this, *series, range, unlogged, ref);
    if (of.min > of.max) continue;
    append_tombstone(record, {log_ref(ref), of.min, of.max});
    deleted.emplace_back(series, of);
  }
  if (deleted.empty()) return;
  std::vector<std::string> records;
  records.push_back(std::move(record));
  log(std::move(unlogged), std::move(records));
  for (const auto& [series, of] : deleted) hide_samples(*series, of);
}

}  // namespace hearth::tsdb
