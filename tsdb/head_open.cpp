// Starting: the log (checkpoint, then segments) becomes the head's memory again.
#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tsdb/checkpoint.h"
#include "tsdb/head_state.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {
namespace {

// Refs from here on are not used in memory: the log's larger ones are given smaller ones.
constexpr uint64_t kFirstLargeRef = uint64_t{1} << 31;

// Applies records in the order of the log. One thread.
class Replay {
 public:
  explicit Replay(HeadState& state) : state_(state) {}

  // Until when refs found to be superfluous have to be remembered.
  void set_last_segment(uint32_t segment) { last_segment_ = segment; }

  // What is wrong with the segment, or "". `good_bytes`: where the last good record ended.
  std::string segment(const std::string& path, uint64_t& good_bytes) {
    const MappedFile file(path);
    WalReader reader(file.bytes());
    good_bytes = 0;
    for (;;) {
      switch (reader.next()) {
        case WalReader::Outcome::kEnd:
          return "";
        case WalReader::Outcome::kCorrupt:
          return reader.error();
        case WalReader::Outcome::kRecord:
          break;
      }
      try {
        record(reader.record());
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kCorrupt) throw;
        return error.what();
      }
      good_bytes = reader.offset();
    }
  }

  void finish();
  size_t samples() const { return samples_; }

 private:
  void record(std::string_view bytes) {
    switch (record_type(bytes)) {
      case RecordType::kSeries:
        read_series(bytes, [&](uint64_t ref, LabelsView labels) { series(ref, labels); });
        break;
      case RecordType::kSamples:
        read_samples(bytes, [&](uint64_t ref, TimeMs t, double v) { sample(ref, t, v); });
        break;
      default:
        break;  // what the head does not keep, or does not know
    }
  }
  void series(uint64_t ref, LabelsView labels);
  bool is_taken(SeriesRef ref) const;
  void sample(uint64_t ref, TimeMs t, double v);

  HeadState& state_;
  uint32_t last_segment_ = 0;
  // Refs in the log that mean a series with another ref in memory.
  std::unordered_map<uint64_t, SeriesRef> other_refs_;
  uint64_t largest_ref_ = 0;
  SeriesRef next_large_ = static_cast<SeriesRef>(kFirstLargeRef);
  TimeMs min_ = kMaxTime;
  TimeMs max_ = kMinTime;
  size_t samples_ = 0;
  size_t chunks_ = 0;
  size_t unknown_ = 0;
};

void Replay::series(uint64_t ref, LabelsView labels) {
  if (labels.empty()) return;
  largest_ref_ = std::max(largest_ref_, ref);
  const bool fits = ref > 0 && ref < kFirstLargeRef && !is_taken(static_cast<SeriesRef>(ref));
  const auto [found, is_new] =
      state_.find_or_add(labels, fits ? static_cast<SeriesRef>(ref) : next_large_);
  if (is_new) {
    if (!fits) ++next_large_;
    Series& added = *state_.table.find(found);
    ByteLockGuard lock(added.lock);
    added.flags = Series::kLogged;
  }
  if (found == ref) {
    other_refs_.erase(ref);
    return;
  }
  // The series was made anew under another ref, which later records use: both mean the same.
  other_refs_[ref] = found;
  state_.expiring_refs[ref] = last_segment_;
}

bool Replay::is_taken(SeriesRef ref) const {
  const Series* series = state_.table.find(ref);
  return series != nullptr && series->labels != 0;
}

void Replay::sample(uint64_t ref, TimeMs t, double v) {
  if (t < state_.min_valid_time.load(std::memory_order_relaxed)) return;
  if (!other_refs_.empty()) {
    const auto other = other_refs_.find(ref);
    if (other != other_refs_.end()) ref = other->second;
  }
  Series* series = ref >> 32 != 0 ? nullptr : state_.table.find(static_cast<SeriesRef>(ref));
  if (series == nullptr || series->labels == 0) {
    ++unknown_;
    return;
  }
  ByteLockGuard lock(series->lock);
  if (t <= series->last_time || series->sealed_count == 0xffff) return;
  chunks_ += state_.chunks.append(*series, state_.chunk_file_ref(static_cast<SeriesRef>(ref)), t, std::bit_cast<uint64_t>(v)) ? 1 : 0;
  ++samples_;
  min_ = std::min(min_, t);
  max_ = std::max(max_, t);
}

void Replay::finish() {
  const bool has_large = largest_ref_ >= kFirstLargeRef || next_large_ != kFirstLargeRef;
  state_.newest_ref.store(has_large ? next_large_ : static_cast<SeriesRef>(largest_ref_));
  if (has_large) {
    // New refs in the log have to be larger than all that are there, and series that are in memory
    // under another ref get a new record with their next sample.
    state_.log_ref_base = largest_ref_;
    const PostingsView refs = state_.index.all();
    for (size_t i = 0; i < refs.size(); ++i) {
      state_.expiring_refs.try_emplace(refs[i], last_segment_);
      Series& series = *state_.table.find(refs[i]);
      ByteLockGuard lock(series.lock);
      series.flags &= static_cast<uint8_t>(~Series::kLogged);
    }
  }
  state_.count_chunks(chunks_, 0);
  if (samples_ > 0) state_.include_times(min_, max_);
  state_.show_times();
  if (unknown_ > 0) log_warn("Unknown series references", "samples", unknown_);
}

// As Prometheus repairs a log: what follows the last good record is gone.
void repair(const std::string& dir, uint32_t segment, uint64_t good_bytes) {
  File(wal_segment_path(dir, segment), File::Mode::kAppend).truncate(good_bytes);
  for (const uint32_t later : wal_segments(dir)) {
    if (later > segment) remove_file(wal_segment_path(dir, later));
  }
}

}  // namespace

void HeadState::replay(Registry& registry) {
  const int64_t start = clock.monotonic_nanos();
  std::vector<uint32_t> segments = wal_segments(log_dir);
  const std::optional<Checkpoint> checkpoint = latest_checkpoint(log_dir);
  uint32_t next_segment = checkpoint ? checkpoint->segment + 1 : 0;
  if (!segments.empty()) next_segment = std::max(next_segment, segments.back() + 1);

  Replay replay(*this);
  replay.set_last_segment(next_segment);
  uint64_t good_bytes = 0;
  if (checkpoint) {
    for (const uint32_t segment : wal_segments(checkpoint->path)) {
      const std::string path = wal_segment_path(checkpoint->path, segment);
      const std::string wrong = replay.segment(path, good_bytes);
      if (wrong.empty()) continue;
      metrics.corruptions.add();
      log_warn("A checkpoint of the write-ahead log is damaged, what follows in it is lost", "file",
               path, "offset", good_bytes, "err", wrong);
      break;
    }
  }
  for (const uint32_t segment : segments) {
    if (checkpoint && segment <= checkpoint->segment) continue;
    const std::string path = wal_segment_path(log_dir, segment);
    const std::string wrong = replay.segment(path, good_bytes);
    if (wrong.empty()) continue;
    metrics.corruptions.add();
    log_warn("Encountered WAL read error, repaired the log by cutting it there", "file", path,
             "offset", good_bytes, "err", wrong);
    repair(log_dir, segment, good_bytes);
    next_segment = segment + 1;
    break;
  }
  replay.finish();

  wal = std::make_unique<Wal>(log_dir, next_segment, options.wal_segment_bytes, registry,
                              options.wal_sync);
  const double seconds = static_cast<double>(clock.monotonic_nanos() - start) * 1e-9;
  metrics.replay_seconds.set(seconds);
  log_info("WAL replay completed", "series", series_count.load(), "samples", replay.samples(),
           "total_replay_duration", fmt::format("{:.3f}s", seconds));
}

}  // namespace hearth::tsdb
