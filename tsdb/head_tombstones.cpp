// Deleting samples of the head. Those in order: the log is told, and reads leave them out; their chunks go
// when all the head's chunks of that time go. Those out of order leave memory and their log.
#include <algorithm>

#include "tsdb/head_commit.h"
#include "tsdb/select.h"
#include "tsdb/tombstones.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {
namespace {

// What of the range can have samples that were in order, or that a replay of the log would take for such:
// of a series that had fallen behind it does so with samples that came out of order.
TimeRange deletable(const HeadState& state, Series& series, TimeRange range) REQUIRES(series.lock) {
  const TimeMs newest = state.max_time.load();
  TimeMs until = newest == kMinTime ? kMinTime : state.oldest_acceptable(newest) - 1;
  if (!series.empty()) until = std::max<TimeMs>(until, series.last_time);
  return {std::max(range.min, state.in_blocks_until.load()), std::min(range.max, until)};
}

}  // namespace

void HeadState::hide_samples(Series& series, TimeRange range) {
  ByteLockGuard lock(series.lock);
  add_interval(extras.get_or_add(series).deleted, range);
}

void HeadState::delete_samples(std::span<const Matcher> matchers, TimeRange range) {
  const Epoch::Guard guard = epoch.enter();
  const HeadIndexReader reader(index, sets, table);
  const Postings refs = select_series(reader, matchers);
  late.erase(refs, range);

  const CommitInFlight in_flight(isolation);  // the series that are looked at stay
  std::string record;
  std::vector<SeriesRef> unlogged;
  std::vector<std::pair<Series*, TimeRange>> deleted;
  for (const SeriesRef ref : refs) {
    Series* const series = table.find(ref);
    if (series == nullptr) continue;
    TimeRange of;
    {
      ByteLockGuard lock(series->lock);
      const Found found = look_at(*series);
      of = deletable(*this, *series, range);
      if (found == Found::kUnknown || of.min > of.max) continue;
      // The log has nothing of it.
      if (found == Found::kNotLogged && series->empty() && log_ref_base == 0) continue;
      if (found == Found::kNotLogged) unlogged.push_back(ref);
    }
    append_tombstone(record, {log_ref(ref), of.min, of.max});
    deleted.emplace_back(series, of);
  }
  if (deleted.empty()) return;
  const std::string_view records[] = {record};
  log(std::move(unlogged), records);
  for (const auto& [series, of] : deleted) hide_samples(*series, of);
}

}  // namespace hearth::tsdb
