#include "tsdb/head_replay.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tsdb/checkpoint.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_record_histogram.h"
#include "tsdb/wal_repair.h"
#include "tsdb/wal_writer.h"

namespace hearth::tsdb {
namespace {

// Refs from here on are not used in memory: the log's larger ones are given smaller ones.
constexpr uint64_t kFirstLargeRef = uint64_t{1} << 31;
constexpr uint64_t kNeighbours = 64;

}  // namespace

HeadReplay::HeadReplay(HeadState& state, Pool& pool)
    : state_(state),
      pool_(pool),
      shards_(state, pool),
      found_chunks_(state.sealed.load()),
      next_large_(static_cast<SeriesRef>(kFirstLargeRef)) {
  const std::optional<Checkpoint> checkpoint = latest_checkpoint(state.log_dir);
  std::optional<uint32_t> newest_segment;
  if (checkpoint) {
    next_segment_ = checkpoint->segment + 1;
    for (const uint32_t segment : wal_segments(checkpoint->path))
      parts_.push_back({wal_segment_path(checkpoint->path, segment), segment, true});
  }
  for (const uint32_t segment : wal_segments(state.log_dir)) {
    newest_segment = segment;
    next_segment_ = std::max(next_segment_, segment + 1);
    if (!checkpoint || segment > checkpoint->segment)
      parts_.push_back({wal_segment_path(state.log_dir, segment), segment, false});
  }
  snapshot_ = state.find_snapshot(checkpoint ? std::optional(checkpoint->segment) : std::nullopt,
                                  newest_segment, found_chunks_.damaged);
}

HeadReplay::Damage HeadReplay::walk(const Part& part, Walk walk) {
  const MappedFile file(part.path);
  const Damage damage = walk_through(file.bytes(), part, walk);
  require_readable(file, part.path);
  return damage;
}

HeadReplay::Damage HeadReplay::walk_through(std::string_view segment, const Part& part, Walk walk) {
  const bool first = walk == Walk::kSeries;
  WalReader reader(segment, first ? WalReader::Wanted::kSeriesAndMetadata : WalReader::Wanted::kAll);
  for (uint64_t good_bytes = 0;; good_bytes = reader.offset()) {
    state_.gate.throw_if_stopping();
    const WalReader::Outcome outcome = reader.next();
    if (outcome == WalReader::Outcome::kEnd) return {good_bytes, ""};
    if (outcome == WalReader::Outcome::kCorrupt) return {good_bytes, reader.error()};
    if (reader.offset() <= part.begin) continue;
    try {
      if (first) {
        take_in(reader.record());
      } else {
        apply(reader.record());
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCorrupt) throw;
      return {good_bytes, error.what()};
    }
  }
}

// ---- the first walk ----------------------------------------------------------------------------

uint32_t HeadReplay::find_series() {
  fill_gaps();
  if (snapshot_) load_snapshot();
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part part = parts_[i];
    const Damage damage = walk(part, Walk::kSeries);
    if (damage.what.empty()) continue;
    state_.metrics.corruptions.add();
    if (part.in_checkpoint) {
      log_warn("A checkpoint of the write-ahead log is damaged, what follows in it is lost", "file",
               part.path, "offset", damage.good_bytes, "err", damage.what);
      // Or no checkpoint could be made after it.
      cut_wal({part.path.substr(0, part.path.rfind('/')), part.segment, damage.good_bytes,
               damage.what});
      std::erase_if(parts_, [&](const Part& other) {
        return other.in_checkpoint && other.segment > part.segment;
      });
      continue;
    }
    // As Prometheus repairs a log: what follows the last good record is gone.
    log_warn("Encountered WAL read error, repaired the log by cutting it there", "file", part.path,
             "offset", damage.good_bytes, "err", damage.what);
    cut_wal({state_.log_dir, part.segment, damage.good_bytes, damage.what});
    parts_.resize(i + 1);
    next_segment_ = part.segment + 1;
  }
  use_large_refs();
  const auto first = std::find_if(parts_.begin(), parts_.end(),
                                  [](const Part& part) { return !part.in_checkpoint; });
  state_.gate.set_segments(first == parts_.end() ? next_segment_ : first->segment,
                           first == parts_.end() ? next_segment_ : parts_.back().segment);
  std::vector<SeriesRef> refs = std::move(added_);
  std::sort(refs.begin(), refs.end());
  state_.index.add(refs, state_.table, pool_);
  return next_segment_;
}

// Prometheus would not start with a log that lacks segments.
void HeadReplay::fill_gaps() {
  const auto first = std::find_if(parts_.begin(), parts_.end(),
                                  [](const Part& part) { return !part.in_checkpoint; });
  if (first == parts_.end()) return;
  for (const uint32_t segment : missing_wal_segments(state_.log_dir, first->segment))
    log_warn("A segment of the write-ahead log is missing", "segment", segment);
  fill_wal_gaps(state_.log_dir, first->segment);
}

void HeadReplay::load_snapshot() {
  SnapshotLoad load = state_.load_snapshot(*snapshot_, pool_);
  added_ = std::move(load.added);
  for (const SeriesRef ref : added_) largest_ref_ = std::max(largest_ref_, uint64_t{ref});
  if (!load.whole) return;
  std::erase_if(parts_, [&](const Part& part) {
    return part.in_checkpoint || part.segment < snapshot_->segment;
  });
  if (!parts_.empty() && parts_.front().segment == snapshot_->segment) {
    parts_.front().begin = snapshot_->offset;
  }
}

// Metadata too: whether an appender's is news has to be known before the second walk is over.
void HeadReplay::take_in(std::string_view record) {
  if (record_type(record) == RecordType::kSeries) {
    read_series(record, [this](uint64_t ref, LabelsView labels) { add_series(ref, labels); });
  } else if (record_type(record) == RecordType::kMetadata) {
    read_metadata(record, [this](uint64_t ref, const Metadata& metadata) {
      // Whose it is can only be said where the ref means one series.
      if (redefined_refs_.count(ref) != 0) return;
      if (!state_.set_metadata(ref_in_memory(ref), metadata)) ++unknown_metadata_;
    });
  }
}

void HeadReplay::add_series(uint64_t ref, LabelsView labels) {
  if (labels.empty()) return;
  largest_ref_ = std::max(largest_ref_, ref);
  const bool taken = is_taken(ref);
  const bool fits = ref > 0 && ref < kFirstLargeRef && !taken;
  const auto [found, is_new] =
      state_.find_or_add(labels, fits ? static_cast<SeriesRef>(ref) : next_large_, nullptr,
                         HeadState::Indexed::kLater);
  if (is_new) {
    if (!fits) ++next_large_;
    added_.push_back(found);
    Series& added = *state_.table.find(found);
    ByteLockGuard lock(added.lock);
    added.flags = Series::kLogged;
  }
  if (taken || other_refs_.count(ref) != 0) {
    // The second walk has to find out when.
    if (ref_in_memory(ref) != found) redefined_refs_.insert(ref);
    return;
  }
  if (found == ref) return;
  // The series was made anew under another ref, which later records use: both mean the same.
  set_other_ref(ref, found);
  state_.expiring_refs[ref] = next_segment_;
}

bool HeadReplay::is_taken(uint64_t ref) const {
  if (ref >= kFirstLargeRef) return false;
  const Series* series = state_.table.find(static_cast<SeriesRef>(ref));
  return series != nullptr && series->labels != 0;
}

// New refs in the log have to be larger than all that are there, and series that are in memory under
// another ref get a new record with their next sample.
void HeadReplay::use_large_refs() {
  const bool has_large = largest_ref_ >= kFirstLargeRef || next_large_ != kFirstLargeRef;
  state_.newest_ref.store(has_large ? next_large_ : static_cast<SeriesRef>(largest_ref_));
  if (!has_large) return;
  state_.log_ref_base = largest_ref_;
  for (const SeriesRef ref : added_) {
    state_.expiring_refs.try_emplace(ref, next_segment_);
    Series& series = *state_.table.find(ref);
    ByteLockGuard lock(series.lock);
    series.flags &= static_cast<uint8_t>(~Series::kLogged);
  }
}

// ---- refs --------------------------------------------------------------------------------------

// 0 where there is none.
SeriesRef HeadReplay::ref_in_memory(uint64_t ref) const {
  const uint64_t group = ref / kNeighbours;
  if (group < has_other_refs_.size() ? has_other_refs_[group] : ref >= kFirstLargeRef) {
    const auto other = other_refs_.find(ref);
    if (other != other_refs_.end()) return other->second;
  }
  if (ref < kFirstLargeRef) return static_cast<SeriesRef>(ref);
  // Logged since the first walk.
  const uint64_t own = ref - state_.log_ref_base;
  return state_.log_ref_base != 0 && ref > state_.log_ref_base && own >> 32 == 0
             ? static_cast<SeriesRef>(own)
             : 0;
}

void HeadReplay::set_other_ref(uint64_t ref, SeriesRef in_memory) {
  other_refs_[ref] = in_memory;
  if (ref >= kFirstLargeRef) return;
  const uint64_t group = ref / kNeighbours;
  if (group >= has_other_refs_.size()) has_other_refs_.resize(group + 1);
  has_other_refs_[group] = true;
}

void HeadReplay::follow_redefined_refs(std::string_view record) {
  read_series(record, [this](uint64_t ref, LabelsView labels) {
    if (labels.empty() || redefined_refs_.count(ref) == 0) return;
    set_other_ref(ref, state_.find_or_add(labels, 0).first);
  });
}

// ---- the second walk ---------------------------------------------------------------------------

void HeadReplay::apply_samples() {
  apply_old_segments();
  finish();
}

void HeadReplay::apply_old_segments() {
  state_.attach_chunks(std::exchange(found_chunks_, {}), [this](uint64_t ref) {
    return redefined_refs_.count(ref) != 0 ? 0 : ref_in_memory(ref);
  });
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    if (!part.in_checkpoint) state_.gate.reached(part.segment);
    const Damage damage = walk(part, Walk::kSamples);
    if (damage.what.empty() || part.in_checkpoint) continue;
    state_.metrics.corruptions.add();
    log_warn("Encountered WAL read error, repaired the log by cutting it there", "file", part.path,
             "offset", damage.good_bytes, "err", damage.what);
    cut_behind(i, damage.good_bytes);
    return;
  }
}

void HeadReplay::apply_new_segment(uint32_t segment) {
  state_.gate.reached(segment);
  shards_.keep_late(state_.out_of_order_window.load());
  const std::string path = wal_segment_path(state_.log_dir, segment);
  const Damage damage = walk({path, segment, false}, Walk::kSamples);
  // A write that failed, and was not acknowledged; the log takes it away with its next write.
  if (!damage.what.empty())
    log_warn("A segment of the write-ahead log has an unfinished end", "file", path, "offset",
             damage.good_bytes, "err", damage.what);
}

void HeadReplay::apply(std::string_view record) {
  const TimeMs oldest = state_.min_valid_time.load(std::memory_order_relaxed);
  switch (record_type(record)) {
    case RecordType::kSeries:
      if (!redefined_refs_.empty()) follow_redefined_refs(record);
      break;
    case RecordType::kSamples:
    case RecordType::kSamplesV2:
      shards_.begin_floats();
      read_samples(record, [this, oldest](uint64_t ref, TimeMs t, double v) {
        if (t >= oldest) shards_.add(ref_in_memory(ref), t, std::bit_cast<uint64_t>(v));
      });
      break;
    case RecordType::kHistograms:
    case RecordType::kFloatHistograms:
    case RecordType::kCustomBucketHistograms:
    case RecordType::kCustomBucketFloatHistograms:
    case RecordType::kHistogramsV2:
    case RecordType::kFloatHistogramsV2:
      read_histograms(record, [this, oldest](uint64_t ref, TimeMs t, FloatHistogram& histogram,
                                             TimeMs) {
        if (t >= oldest) shards_.add(ref_in_memory(ref), t, std::move(histogram));
      });
      break;
    case RecordType::kTombstones:
      read_tombstones(record, [this, oldest](const TombstoneEntry& entry) {
        if (entry.max >= oldest) apply_tombstone(entry);
      });
      break;
    case RecordType::kExemplars:
      if (!state_.exemplars.on()) break;
      read_exemplars(record, [this, oldest](uint64_t ref, const Exemplar& exemplar) {
        if (exemplar.t >= oldest) apply_exemplar(ref, exemplar);
      });
      break;
    case RecordType::kMetadata:
      break;  // the first walk has it, or whoever appended it since
    case RecordType::kMmapMarkers:
      break;  // they stand in wbl/ only; and records of types that do not exist are skipped
  }
}

// A tombstone for all times is the end of a series that got no samples any more; one for some times
// counts wherever it stands.
void HeadReplay::apply_tombstone(const TombstoneEntry& entry) {
  const SeriesRef ref = ref_in_memory(entry.ref);
  Series* const series = state_.table.find(ref);
  if (entry.min == std::numeric_limits<TimeMs>::min() &&
      entry.max == std::numeric_limits<TimeMs>::max()) {
    shards_.end_series(ref);
  } else if (series == nullptr || series->labels == 0) {
    ++unknown_tombstones_;
  } else {
    state_.hide_samples(*series, {entry.min, entry.max});
  }
}

void HeadReplay::apply_exemplar(uint64_t log_ref, const Exemplar& exemplar) {
  const Series* const series = state_.table.find(ref_in_memory(log_ref));
  if (series == nullptr || series->labels == 0) {
    ++unknown_exemplars_;
    return;
  }
  std::string flat;
  state_.sets.append_flat(series->labels, flat);
  state_.exemplars.add(LabelsView(flat), exemplar);
}

void HeadReplay::finish() {
  const ReplayCounts counts = shards_.finish();
  state_.count_chunks(counts.chunks, 0);
  if (counts.samples > 0) state_.include_times(counts.min, counts.max);
  counts_.add(counts);
}

void HeadReplay::warn_of_unknown() const {
  const size_t unknown = counts_.unknown_samples + counts_.unknown_histograms +
                         unknown_metadata_ + unknown_exemplars_ + unknown_tombstones_;
  if (unknown > 0) {
    log_warn("Unknown series references", "samples", counts_.unknown_samples, "exemplars",
             unknown_exemplars_, "histograms", counts_.unknown_histograms, "metadata",
             unknown_metadata_, "tombstones", unknown_tombstones_);
  }
}

// A record is damaged though its checksum is right. As Prometheus repairs a log, but for the series
// of what is cut: they have their refs, and new segments may name them.
void HeadReplay::cut_behind(size_t index, uint64_t good_bytes) {
  const Part& part = parts_[index];
  const std::string dir = state_.log_dir + "/repair.tmp";
  remove_all(dir);
  make_dirs(dir);
  WalWriter writer(dir, part.segment, size_t{1} << 40);
  const auto copy = [&](std::string_view record) {
    writer.add(make_wal_record(record, state_.options.wal_compression));
  };
  {
    const MappedFile file(part.path);
    WalReader reader(file.bytes());
    while (reader.next() == WalReader::Outcome::kRecord && reader.offset() <= good_bytes)
      copy(reader.record());
  }
  for (size_t i = index; i < parts_.size(); ++i) {
    const MappedFile file(parts_[i].path);
    WalReader reader(file.bytes(), WalReader::Wanted::kSeriesAndMetadata);
    while (reader.next() == WalReader::Outcome::kRecord) {
      const bool copied = i == index && reader.offset() <= good_bytes;
      if (!copied && record_type(reader.record()) == RecordType::kSeries) copy(reader.record());
    }
  }
  writer.close();
  rename_path(wal_segment_path(dir, part.segment), part.path);
  for (size_t i = parts_.size() - 1; i > index; --i) remove_file(parts_[i].path);
  fill_wal_gaps(state_.log_dir, part.segment);
  remove_all(dir);
}

}  // namespace hearth::tsdb
