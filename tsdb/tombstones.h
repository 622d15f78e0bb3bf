// The tombstones file of a block: which samples of which series have been deleted.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/storage.h"

namespace hearth::tsdb {

// Closed ranges, sorted, apart from each other.
using Intervals = std::vector<TimeRange>;

// Adds a range, joining those that touch.
void add_interval(Intervals& intervals, TimeRange range);
// Removes the samples inside of the intervals.
void cut_intervals(const Intervals& intervals, Columns& columns);

// Deleted ranges by series ref.
struct Tombstones {
  std::map<uint64_t, Intervals> by_series;

  size_t count() const;
  const Intervals* of(uint64_t ref) const;  // nullptr when nothing is deleted
};

// No file reads as no tombstones. Throws Error(kCorrupt).
Tombstones read_tombstones(const std::string& block_dir);
// Replaces the file in one step.
void write_tombstones(const std::string& block_dir, const Tombstones& tombstones);

}  // namespace hearth::tsdb
