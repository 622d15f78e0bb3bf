// A checkpoint: the part of old log segments that is still needed, as a small log of its own in
// <wal>/checkpoint.N, which stands for all segments up to N.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/clock.h"
#include "tsdb/options.h"

namespace hearth::tsdb {

struct Checkpoint {
  std::string path;
  uint32_t segment;  // the last one that it stands for
};

// The newest complete one in `wal_dir`.
std::optional<Checkpoint> latest_checkpoint(const std::string& wal_dir);

// Makes the checkpoint of the segments up to `last` and of the checkpoint before them. It keeps the
// records of the series for which keep(ref) is true, samples, histograms, exemplars and tombstones
// not before `min_time`, and the newest metadata of a series. Throws Error(kIo), Error(kCorrupt);
// then nothing has changed.
void write_checkpoint(const std::string& wal_dir, uint32_t last,
                      const std::function<bool(uint64_t ref)>& keep, TimeMs min_time,
                      const Options& options);

// Removes checkpoints before that of `segment`, and unfinished ones.
void remove_old_checkpoints(const std::string& wal_dir, uint32_t segment);

}  // namespace hearth::tsdb
