// For a process that reads blocks once and ends: pages of mapped files that it has read leave its
// memory again. Else it would come to hold what it has touched, and the neighbourhood of that.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/mutex.h"
#include "core/storage.h"
#include "tsdb/block.h"

namespace hearth::tsdb {

// The pages of all blocks that a query reads. Thread-safe.
class PagesOnce {
 public:
  PagesOnce();
  void watch(std::shared_ptr<const Block> block);
  // After each read of a series: where it has become much that is mapped, all of it goes. How much
  // a read maps only the kernel knows, from a page to the half megabyte that it once read ahead.
  void count_read();

 private:
  const uint64_t most_bytes_;
  std::atomic<uint32_t> reads_{0};
  Mutex mutex_;
  std::vector<std::shared_ptr<const Block>> blocks_ GUARDED_BY(mutex_);
};

// As block_querier(); afterwards nothing of the index stays.
std::unique_ptr<Querier> block_querier_once(std::shared_ptr<const Block> block, TimeRange range,
                                            std::shared_ptr<PagesOnce> pages);

}  // namespace hearth::tsdb
