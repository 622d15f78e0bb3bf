// Samples out of order on their way from the head into blocks.
#pragma once

#include <memory>
#include <vector>

#include "core/epoch.h"
#include "tsdb/head_out_of_order.h"
#include "tsdb/series_chunks.h"

namespace hearth::tsdb {

struct HeadState;

// What was there when it was made: first it is written, range by range, to blocks that queries see;
// then release() takes it out of the head. Given up in between, nothing has changed. One thread, and
// one at a time.
class OutOfOrderCompaction {
 public:
  explicit OutOfOrderCompaction(HeadState& state);

  // The beginnings of the block ranges that have samples, ascending.
  const std::vector<TimeMs>& ranges() const { return ranges_; }

  // The series that have samples within the range; valid as long as this.
  std::unique_ptr<SeriesChunks> series_chunks(TimeRange range) const;

  // Waits for queries that may not see the blocks yet.
  void release();

 private:
  HeadState& state_;
  const Epoch::Guard guard_;
  LatePresent present_;  // members in label order
  std::vector<TimeMs> ranges_;
};

}  // namespace hearth::tsdb
