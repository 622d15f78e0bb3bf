// How the head writes to its log: no record names a series that the log does not know.
#include <algorithm>
#include <span>
#include <vector>

#include "tsdb/head_state.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {

namespace {

// The records of one commit after the other; one per thread, for they are large enough to cost page faults.
class ReadyRecords {
 public:
  void clear() {
    constexpr size_t kKept = 64 << 10;
    for (size_t i = 0; i < used_; ++i) {
      if (records_[i].bytes.capacity() > kKept) records_[i] = WalRecord();
    }
    used_ = 0;
  }
  void add(std::string_view raw, WalCompression compression) {
    if (used_ == records_.size()) records_.emplace_back();
    make_wal_record(raw, compression, records_[used_++]);
  }
  std::span<const WalRecord> all() const { return {records_.data(), used_}; }

 private:
  std::vector<WalRecord> records_;
  size_t used_ = 0;
};

}  // namespace

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
  thread_local ReadyRecords ready;
  ready.clear();
  if (!series.empty()) ready.add(series.take(), options.wal_compression);
  for (const std::string_view record : records) {
    if (!record.empty()) ready.add(record, options.wal_compression);
  }
  if (!ready.all().empty()) wal->append(ready.all());
  for (const SeriesRef ref : unlogged) {
    Series& logged = *table.find(ref);
    ByteLockGuard lock(logged.lock);
    logged.flags |= Series::kLogged;
  }
}

}  // namespace hearth::tsdb
