// The log becomes the head's memory again, in two walks. What chunks_head/ and a memory snapshot have
// need not be read from it. The first finds all series with their metadata, and repairs a damaged log:
// afterwards series have their refs, and the log can be appended to. The second applies the samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tsdb/head_chunks.h"
#include "tsdb/head_replay_shards.h"
#include "tsdb/head_snapshot.h"
#include "tsdb/head_state.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {

// One thread, but for the pool that helps. Its steps throw Error(kCanceled) when the gate says so.
class HeadReplay {
 public:
  HeadReplay(HeadState& state, Pool& pool);

  // The first walk. Returns the number of the segment that the log goes on with.
  uint32_t find_series();
  // The second walk, over what the first has found.
  void apply_samples();
  // Likewise over a segment that was written since; it must not grow meanwhile. finish() has to
  // follow the last one.
  void apply_new_segment(uint32_t segment);
  void finish();
  void warn_of_unknown() const;

  size_t samples() const { return counts_.samples; }

  // What a ref in the log means; 0: nothing.
  SeriesRef ref_in_memory(uint64_t ref) const;

 private:
  struct Part {
    std::string path;
    uint32_t segment;
    bool in_checkpoint;
    uint64_t begin = 0;  // what lies before is in the memory snapshot
  };
  struct Damage {
    uint64_t good_bytes;  // where the last good record ended
    std::string what;     // "": there is none
  };
  enum class Walk { kSeries, kSamples };
  Damage walk(const Part& part, Walk walk);
  Damage walk_through(std::string_view segment, const Part& part, Walk walk);

  // ---- the first walk
  void fill_gaps();
  void load_snapshot();
  void take_in(std::string_view record);
  void add_series(uint64_t ref, LabelsView labels);
  bool is_taken(uint64_t ref) const;
  void use_large_refs();

  // ---- the second
  void apply_old_segments();
  void apply(std::string_view record);
  void apply_tombstone(const TombstoneEntry& entry);
  void apply_exemplar(uint64_t log_ref, const Exemplar& exemplar);
  void follow_redefined_refs(std::string_view record);
  void set_other_ref(uint64_t ref, SeriesRef in_memory);
  void cut_behind(size_t index, uint64_t good_bytes);

  HeadState& state_;
  Pool& pool_;
  ReplayShards shards_;
  FoundChunks found_chunks_;
  std::optional<HeadSnapshot> snapshot_;
  std::vector<Part> parts_;  // in the order of the log
  uint32_t next_segment_ = 0;
  std::vector<SeriesRef> added_;  // series that the index does not know yet

  // Refs in the log that mean a series with another ref in memory, and, so that most samples need
  // no look at them, which of 64 neighbours have one.
  std::unordered_map<uint64_t, SeriesRef> other_refs_;
  std::vector<bool> has_other_refs_;
  // Refs that mean one series in one part of the log and another one later.
  std::unordered_set<uint64_t> redefined_refs_;
  uint64_t largest_ref_ = 0;
  SeriesRef next_large_;
  ReplayCounts counts_;
  size_t unknown_metadata_ = 0;
  size_t unknown_exemplars_ = 0;
  size_t unknown_tombstones_ = 0;
};

}  // namespace hearth::tsdb
