// Frames records into the pages of segment files; the log and checkpoints are written with it.
#pragma once

#include <cstdint>
#include <string>

#include "core/file.h"
#include "core/metrics.h"
#include "tsdb/wal_format.h"

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

  // Begins segment number `segment`; `fsync_seconds` sees each fsync.
  WalWriter(std::string dir, uint32_t segment, size_t segment_bytes, Observer fsync_seconds = {});

  void add(const WalRecord& record);  // a record never crosses a segment's border
  void flush();                       // one write
  void next_segment();                // flushes, syncs and closes this one
  void close();                       // flushes and syncs

  uint32_t segment() const { return segment_; }
  Mark mark() const { return {segment_, written_}; }  // Requires: all is flushed
  // Takes away what was written after `mark`, and begins a new segment. Throws Error(kIo) when the
  // disk refuses that too: then it must be tried again before anything else.
  void rollback(Mark mark);

 private:
  void open(uint32_t segment);
  void end_page();
  void add_fragment(WalFragment type, uint8_t flag, std::string_view part);

  const std::string dir_;
  const size_t pages_per_segment_;
  const Observer fsync_seconds_;
  File file_;
  uint32_t segment_ = 0;
  uint64_t written_ = 0;   // bytes in the file
  std::string buffer_;     // bytes that follow them
  size_t page_used_ = 0;   // of the page that the buffer ends in
  size_t pages_done_ = 0;  // complete pages of the segment
};

}  // namespace hearth::tsdb
