// Starting: the log of samples out of order (docs/formats/wbl.md), after the other one.
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tsdb/head_state.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record_histogram.h"
#include "tsdb/wal_repair.h"

namespace hearth::tsdb {
namespace {

// Applies records in the order of the log. Markers that Prometheus writes are skipped, as are its
// chunks: they say nothing that is not in the samples. One thread.
class LateReplay {
 public:
  LateReplay(HeadState& state, const HeadOutOfOrder::RefInMemory& ref_in_memory)
      : state_(state), ref_in_memory_(ref_in_memory) {}

  // What is wrong with the segment, or "". `good_bytes`: where the last good record ended.
  std::string segment(WalReader& reader, uint64_t& good_bytes);
  size_t samples() const { return samples_; }
  size_t unknown() const { return unknown_; }
  // Whether the log has a series under another ref than it would get there now.
  bool has_other_refs() const { return has_other_refs_; }

 private:
  void record(std::string_view bytes);
  // The series of a ref in the log; {nullptr, 0}: there is none.
  std::pair<Series*, SeriesRef> find(uint64_t log_ref);
  void add(uint64_t log_ref, TimeMs t, double v, const FloatHistogram* histogram);

  HeadState& state_;
  const HeadOutOfOrder::RefInMemory& ref_in_memory_;
  size_t samples_ = 0;
  size_t unknown_ = 0;
  bool has_other_refs_ = false;
};

std::pair<Series*, SeriesRef> LateReplay::find(uint64_t log_ref) {
  const SeriesRef ref = ref_in_memory_(log_ref);
  Series* const series = state_.table.find(ref);
  if (series != nullptr && series->labels != 0) {
    if (log_ref != state_.log_ref(ref)) has_other_refs_ = true;
    return {series, ref};
  }
  ++unknown_;
  return {nullptr, 0};
}

void LateReplay::add(uint64_t log_ref, TimeMs t, double v, const FloatHistogram* histogram) {
  const auto [series, ref] = find(log_ref);
  if (series == nullptr || !is_head_time(t)) return;
  state_.late.restore({series, ref, t, v, histogram});
  ++samples_;
}

std::string LateReplay::segment(WalReader& reader, uint64_t& good_bytes) {
  for (;; good_bytes = reader.offset()) {
    const WalReader::Outcome outcome = reader.next();
    if (outcome == WalReader::Outcome::kEnd) return "";
    if (outcome == WalReader::Outcome::kCorrupt) return reader.error();
    try {
      record(reader.record());
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCorrupt) throw;
      return error.what();
    }
  }
}

void LateReplay::record(std::string_view bytes) {
  const RecordType type = record_type(bytes);
  if (holds_samples(type)) {
    read_samples(bytes, [&](uint64_t ref, TimeMs t, double v) { add(ref, t, v, nullptr); });
  } else if (holds_histograms(type)) {
    read_histograms(bytes, [&](uint64_t ref, TimeMs t, FloatHistogram& histogram, TimeMs) {
      add(ref, t, 0, &histogram);
    });
  }
}

}  // namespace

// The other log will forget what such refs mean.
void HeadOutOfOrder::give_own_refs() {
  try {
    write_anew({}, {});
    has_other_refs_ = false;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kIo) throw;
    log_warn("The log of samples out of order cannot be written anew", "err", error.what());
  }
}

void HeadOutOfOrder::replay(const RefInMemory& ref_in_memory) {
  const std::string& dir = log.dir();
  if (!is_directory(dir)) return;
  const Epoch::Guard guard = state_.epoch.enter();
  LateReplay replay(state_, ref_in_memory);
  uint32_t next_segment = 0;
  for (const uint32_t segment : wal_segments(dir)) {
    next_segment = segment + 1;
    const std::string path = wal_segment_path(dir, segment);
    const MappedFile file(path);
    WalReader reader(file.bytes());
    uint64_t good_bytes = 0;
    const std::string wrong = replay.segment(reader, good_bytes);
    require_readable(file, path);
    if (wrong.empty()) continue;
    state_.metrics.corruptions.add();
    log_warn("Encountered WBL read error, repaired the log by cutting it there", "file", path,
             "offset", good_bytes, "err", wrong);
    // The next segments do not depend on what is lost.
    cut_wal({dir, segment, good_bytes, wrong}, segment);
  }
  log.set_next_segment(next_segment);
  has_other_refs_ = replay.has_other_refs();
  if (has_other_refs_) give_own_refs();
  if (replay.unknown() > 0)
    log_warn("Unknown series references for ooo WAL replay", "samples", replay.unknown());
  if (replay.samples() > 0) log_info("WBL replay completed", "samples", replay.samples());
}

}  // namespace hearth::tsdb
