// How the head writes to its log: no record names a series that the log does not know.
#include <algorithm>

#include "tsdb/head_state.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {

void HeadState::log(std::vector<SeriesRef> unlogged, std::span<const std::string_view> records) {
  std::sort(unlogged.begin(), unlogged.end());
  unlogged.erase(std::unique(unlogged.begin(), unlogged.end()), unlogged.end());
  SeriesRecord series;
  std::string flat;
  for (const SeriesRef ref : unlogged) {
    flat.clear();
    sets.append_flat(table.find(ref)->labels, flat);
    series.add(log_ref(ref), LabelsView(flat));
  }
  std::vector<WalRecord> ready;
  if (!series.empty()) ready.push_back(make_wal_record(series.take(), options.wal_compression));
  for (const std::string_view record : records) {
    if (!record.empty()) ready.push_back(make_wal_record(record, options.wal_compression));
  }
  if (!ready.empty()) wal->append(ready);
  for (const SeriesRef ref : unlogged) {
    Series& logged = *table.find(ref);
    ByteLockGuard lock(logged.lock);
    logged.flags |= Series::kLogged;
  }
}

}  // namespace hearth::tsdb
