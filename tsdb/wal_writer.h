// Frames records into the pages of segment files; the log and checkpoints are written with it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/file.h"
#include "tsdb/wal_format.h"
#include "tsdb/wal_sync.h"

namespace hearth::tsdb {

// Nothing reaches a file before flush(). After an Error(kIo) only rollback() may be called. One
// thread.
class WalWriter {
 public:
  // A place between two records; what lies before it is in the file.
  struct Mark {
    uint32_t segment;
    uint64_t bytes;
  };

  // What it has done since it was made.
  struct Work {
    uint64_t page_flushes = 0;  // pages, complete or not, that were written to a file
    uint64_t completed_pages = 0;
    uint64_t record_parts = 0;
    uint64_t record_part_bytes = 0;  // with their headers
  };

  // Begins segment number `segment`. With `sync`, segments are brought to the disk by it; without,
  // by the caller when they end.
  WalWriter(std::string dir, uint32_t segment, size_t segment_bytes, WalSync* sync = nullptr);

  void add(const WalRecord& record);  // a record never crosses a segment's border
  void flush();                       // one write
  void next_segment();                // flushes and ends this one
  void close();                       // likewise

  uint32_t segment() const { return segment_; }
  const Work& work() const { return work_; }
  Mark mark() const { return {segment_, written_}; }  // Requires: all is flushed
  // Takes away what was written after `mark`, and begins a new segment. Throws Error(kIo) when the
  // disk refuses that too: then it must be tried again before anything else.
  void rollback(Mark mark);

 private:
  void open(uint32_t segment);
  void end_segment(std::shared_ptr<File> file);
  void end_page();
  void add_fragment(WalFragment type, uint8_t flag, std::string_view part);

  const std::string dir_;
  const size_t pages_per_segment_;
  WalSync* const sync_;
  std::shared_ptr<File> file_;
  uint32_t segment_ = 0;
  uint64_t written_ = 0;   // bytes in the file
  std::string buffer_;     // bytes that follow them
  size_t page_used_ = 0;   // of the page that the buffer ends in
  size_t pages_done_ = 0;  // complete pages of the segment
  size_t pages_in_buffer_ = 0;  // that were completed since the last write
  Work work_;
};

}  // namespace hearth::tsdb
