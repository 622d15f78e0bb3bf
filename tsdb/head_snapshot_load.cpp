// Starting: a memory snapshot spares the log before it.
#include <algorithm>
#include <functional>

#include "core/error.h"
#include "core/log.h"
#include "tsdb/head_snapshot.h"
#include "tsdb/head_state.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {
namespace {

// Refs from here on are given by the replay.
constexpr uint64_t kFirstLargeRef = uint64_t{1} << 31;

bool are_ascending(const std::vector<TimeMs>& times) {
  return std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end();
}

// What one thread after another makes of one part of a snapshot's records. One thread.
class SnapshotPart {
 public:
  void apply(HeadState& state, std::string_view record);
  void finish(HeadState& state, SnapshotLoad& load);

 private:
  void apply_series(HeadState& state, std::string_view record);
  void restore_chunk(HeadState& state, Series& series, SeriesRef ref) REQUIRES(series.lock);
  bool restore_bytes(HeadState& state, Series& series, TimeRange range) REQUIRES(series.lock);
  bool restore_samples(HeadState& state, Series& series, TimeRange range) REQUIRES(series.lock);

  SnapshotSeries series_;
  Columns columns_;
  std::vector<Tombstones> deleted_;  // these need all series
  std::vector<std::string> exemplars_;
  std::vector<SeriesRef> added_;
  size_t chunks_ = 0;
  TimeMs min_ = kMaxTime;
  TimeMs max_ = kMinTime;
};

void SnapshotPart::apply(HeadState& state, std::string_view record) {
  switch (snapshot_record_type(record)) {
    case SnapshotRecord::kSeries:
      return apply_series(state, record);
    case SnapshotRecord::kTombstones:
      deleted_.push_back(decode_snapshot_tombstones(record));
      return;
    case SnapshotRecord::kExemplars:
      exemplars_.push_back(decode_snapshot_exemplars(record));
      read_exemplars(exemplars_.back(), [](uint64_t, const Exemplar&) {});  // as a check
      return;
  }
  throw Error(ErrorKind::kCorrupt, "memory snapshot: a record of a type that is not known");
}

void SnapshotPart::apply_series(HeadState& state, std::string_view record) {
  decode_snapshot_series(record, series_);
  const auto ref = static_cast<SeriesRef>(series_.ref);
  if (series_.ref == 0 || series_.ref >= kFirstLargeRef) {
    throw Error(ErrorKind::kCorrupt, fmt::format("memory snapshot: series ref {}", series_.ref));
  }
  const Epoch::Guard guard = state.epoch.enter();
  const auto [found, is_new] =
      state.find_or_add(LabelsView(series_.labels), ref, nullptr, HeadState::Indexed::kLater);
  if (!is_new || found != ref) {
    throw Error(ErrorKind::kCorrupt, fmt::format("memory snapshot: series {} is there twice", ref));
  }
  added_.push_back(ref);
  Series& series = *state.table.find(ref);
  ByteLockGuard lock(series.lock);
  series.flags = Series::kLogged;
  if (series_.has_chunk) restore_chunk(state, series, ref);
}

// Most chunks: as the head left them.
bool SnapshotPart::restore_bytes(HeadState& state, Series& series, TimeRange range) {
  if (series_.encoding != Encoding::kXor) return false;
  columns_.clear();
  const XorEnd end = decode_xor(series_.chunk, columns_);
  const std::vector<TimeMs>& times = columns_.t;
  return !times.empty() && times.front() >= range.min && times.back() <= range.max &&
         are_ascending(times) && state.chunks.restore_bytes(series, series_.chunk, end, times);
}

bool SnapshotPart::restore_samples(HeadState& state, Series& series, TimeRange range) {
  columns_.clear();
  decode_chunk(series_.encoding, series_.chunk, range, columns_);
  return are_ascending(columns_.t) && are_ascending(columns_.histogram_t) &&
         state.chunks.restore(series, columns_);
}

// As the open chunk, so that it goes on as if nothing had happened.
void SnapshotPart::restore_chunk(HeadState& state, Series& series, SeriesRef ref) {
  const TimeRange range{std::max(state.min_valid_time.load(), -kMaxHeadTime), kMaxHeadTime};
  if (!restore_bytes(state, series, range) && !restore_samples(state, series, range)) {
    throw Error(ErrorKind::kCorrupt,
                fmt::format("memory snapshot: the chunk of series {} is damaged", ref));
  }
  if (series.samples == 0) return;
  ++chunks_;
  min_ = std::min(min_, series.chunk_start);
  max_ = std::max(max_, TimeMs{series.last_time});
}

void SnapshotPart::finish(HeadState& state, SnapshotLoad& load) {
  load.added.insert(load.added.end(), added_.begin(), added_.end());
  state.count_chunks(chunks_, 0);
  if (chunks_ > 0) state.include_times(min_, max_);
  if (!load.whole) {
    for (const SeriesRef ref : added_) {
      Series& series = *state.table.find(ref);
      ByteLockGuard lock(series.lock);
      series.flags &= static_cast<uint8_t>(~Series::kLogged);
    }
    return;
  }
  const auto find = [&](uint64_t ref) -> Series* {
    Series* const series = ref >> 32 != 0 ? nullptr : state.table.find(static_cast<SeriesRef>(ref));
    return series == nullptr || series->labels == 0 ? nullptr : series;
  };
  for (const Tombstones& tombstones : deleted_) {
    for (const auto& [ref, intervals] : tombstones.by_series) {
      Series* const series = find(ref);
      if (series == nullptr) continue;
      for (const TimeRange& range : intervals) state.hide_samples(*series, range);
    }
  }
  std::string flat;
  for (const std::string& record : exemplars_) {
    read_exemplars(record, [&](uint64_t ref, const Exemplar& exemplar) {
      const Series* const series = find(ref);
      if (series == nullptr) return;
      flat.clear();
      state.sets.append_flat(series->labels, flat);
      state.exemplars.add(LabelsView(flat), exemplar);
    });
  }
}

// Without it, it is told again.
void load_snapshot_metadata(HeadState& state, const HeadSnapshot& snapshot) {
  try {
    read_head_snapshot_metadata(snapshot, [&](std::string_view record) {
      read_metadata(record, [&](uint64_t ref, const Metadata& metadata) {
        if (ref < kFirstLargeRef) state.set_metadata(static_cast<SeriesRef>(ref), metadata);
      });
    });
  } catch (const Error& error) {
    log_warn("The memory snapshot's metadata is damaged, targets will tell it again", "dir",
             snapshot.path, "err", error.what());
  }
}

}  // namespace

std::optional<HeadSnapshot> HeadState::find_snapshot(std::optional<uint32_t> checkpoint,
                                                     std::optional<uint32_t> newest_segment,
                                                     bool chunks_lost) const {
  if (!options.snapshot_on_shutdown) return std::nullopt;
  std::optional<HeadSnapshot> snapshot = latest_head_snapshot(dir);
  std::string why;
  if (snapshot && checkpoint && *checkpoint >= snapshot->segment) why = "a checkpoint is newer";
  if (snapshot && (!newest_segment || *newest_segment < snapshot->segment)) {
    why = "the log ends before it";
  }
  if (snapshot && chunks_lost) why = "finished chunks are lost";
  if (!why.empty()) {
    log_warn("The memory snapshot is of no use, the whole log is read", "dir", snapshot->path,
             "reason", why);
    snapshot.reset();
  }
  remove_head_snapshots(dir, snapshot ? &*snapshot : nullptr);
  return snapshot;
}

SnapshotLoad HeadState::load_snapshot(const HeadSnapshot& snapshot, Pool& work) {
  const int64_t start = clock.monotonic_nanos();
  SnapshotLoad load;
  std::vector<SnapshotPart> parts(head_snapshot_files(snapshot));
  try {
    read_head_snapshot(snapshot, work, [&](size_t file, std::string_view record) {
      parts[file].apply(*this, record);
    });
    load.whole = true;
  } catch (const Error& error) {
    // What is there is right as far as it goes; the log brings the rest.
    metrics.snapshot_errors.add();
    log_error("Failed to load the memory snapshot, the whole log is read", "dir", snapshot.path,
              "err", error.what());
  }
  for (SnapshotPart& part : parts) part.finish(*this, load);
  if (load.whole) load_snapshot_metadata(*this, snapshot);
  if (!load.whole) remove_head_snapshots(dir);
  const double seconds = static_cast<double>(clock.monotonic_nanos() - start) * 1e-9;
  log_info("Memory snapshot loaded", "dir", snapshot.path, "series", load.added.size(), "duration",
           fmt::format("{:.3f}s", seconds));
  return load;
}

}  // namespace hearth::tsdb
