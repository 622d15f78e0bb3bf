// The log of samples out of order, <data>/wbl (docs/formats/wbl.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/metrics.h"
#include "core/mutex.h"
#include "tsdb/options.h"
#include "tsdb/wal.h"

namespace hearth::tsdb {

// Whether a sample is out of order, and which chunk it comes to lie in, is only known when it is
// applied to memory. So this log, unlike the other, is written after memory has changed; its records
// stand in the order of the changes. What cannot be written stays here and goes first the next time.
// Thread-safe.
class OutOfOrderLog {
 public:
  OutOfOrderLog(std::string dir, const Options& options, Registry& registry)
      : dir_(std::move(dir)), options_(options), registry_(registry) {}

  const std::string& dir() const { return dir_; }

  // Where to go on: the number of the first segment that is not there yet.
  void set_next_segment(uint32_t segment) { next_segment_ = segment; }

  // Held by a commit while it applies its samples and adds their records; never over the disk.
  Mutex order;
  void add(std::string record) REQUIRES(order);
  // What is added from now on stands in later segments than what was added before.
  void cut() REQUIRES(order);

  // Afterwards all that was added before is in the log, and cuts are made; or Error(kIo).
  void flush() EXCLUDES(order);

  // The first segment behind the last cut that was made.
  uint32_t segment_after_cut() EXCLUDES(order);
  // Removes the segments before `segment` from the disk, once what stands in the others is there. What
  // fails with Error(kIo) is to be tried again by remove_obsolete().
  void truncate(uint32_t segment) EXCLUDES(order);
  void remove_obsolete() EXCLUDES(order);

 private:
  template <class Work>
  void in_turn(Work work) REQUIRES(order);  // lets go of `order` meanwhile
  void write() REQUIRES(order);
  void append(const std::vector<std::string>& raw);

  const std::string dir_;
  const Options& options_;
  Registry& registry_;
  std::vector<std::string> added_ GUARDED_BY(order);  // "": a cut
  uint64_t added_count_ GUARDED_BY(order) = 0;
  uint64_t written_count_ GUARDED_BY(order) = 0;
  bool taken_ GUARDED_BY(order) = false;  // somebody's turn: the next two belong to them
  uint32_t next_segment_ = 0;
  std::unique_ptr<Wal> wal_;  // made when there is something to write
  uint32_t after_cut_ GUARDED_BY(order) = 0;
  uint32_t obsolete_before_ GUARDED_BY(order) = 0;
  uint32_t removed_before_ GUARDED_BY(order) = 0;
  CondVar turn_;
};

}  // namespace hearth::tsdb
