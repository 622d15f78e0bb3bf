// Finding and mending damage in a write-ahead log; wal/, wbl/ and checkpoint.N alike.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"

namespace hearth::tsdb {

// Throws Error(kIo) when a page of a segment could not be read: what misses then is no damage, and
// nothing of the log may be cut for it. To be asked when the segment was read.
void require_readable(const MappedFile& segment, const std::string& path);

// From here on a log cannot be read.
struct WalDamage {
  std::string dir;
  uint32_t segment = 0;
  uint64_t good_bytes = 0;  // where the segment's last good record ends
  std::string what;
};

// Throws Error(kCorrupt) for a record that does not say what its type promises. Records of types
// that do not exist are fine: readers skip them.
void check_record(std::string_view record);

// What is wrong with a segment's bytes, all records included, or "". `good_bytes`: where the last
// good record ends.
std::string check_segment(std::string_view segment, uint64_t& good_bytes);

// Reads the segments from `first` to `last`, all records included, up to the first damage.
std::optional<WalDamage> find_wal_damage(const std::string& dir, uint32_t first = 0,
                                         uint32_t last = std::numeric_limits<uint32_t>::max());

// As Prometheus repairs a log: what follows the last good record is removed, in its segment and in
// all segments up to `last`. A stop half-way leaves the damage to be found again. Throws
// Error(kIo).
void cut_wal(const WalDamage& damage, uint32_t last = std::numeric_limits<uint32_t>::max());

// The numbers that miss between `first` and the last segment; without `first`, from the first
// segment on. Prometheus refuses to start with such a log.
std::vector<uint32_t> missing_wal_segments(const std::string& dir,
                                           std::optional<uint32_t> first = std::nullopt);

// Puts an empty segment wherever one misses, so that what is left can be read, by Prometheus too.
void fill_wal_gaps(const std::string& dir, std::optional<uint32_t> first = std::nullopt);

}  // namespace hearth::tsdb
