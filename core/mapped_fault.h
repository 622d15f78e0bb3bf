// A page of a mapped file that cannot be read (the disk failed, somebody made the file shorter)
// raises SIGBUS. Within a mapping that is watched the process lives: a page of zeros takes the place
// of the lost one, and the mapping is marked, for the reader to notice.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace hearth {

// Filled by watch_mapping(). Thread-safe.
struct WatchedMapping {
  std::atomic<uintptr_t> begin{0};  // 0: the place is free
  std::atomic<uintptr_t> end{0};
  std::atomic<bool> damaged{false};
};

// From the first call on the process handles SIGBUS; one that comes from elsewhere ends it as before.
WatchedMapping* watch_mapping(const void* data, size_t size);
// Before the mapping ends.
void unwatch_mapping(WatchedMapping* mapping);

// How many pages were lost, in all mappings ever. Cheap: a reader looks at its own mapping only when
// this is not 0.
uint64_t mapped_faults();

}  // namespace hearth
