// The head's finished chunks, in the files of chunks_head/ (docs/formats/head_chunks.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/epoch.h"
#include "core/file.h"
#include "core/growing_file.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "core/threads.h"
#include "tsdb/chunk.h"
#include "tsdb/read_warnings.h"

namespace hearth::tsdb {

// Times that the head can hold: within 2^55 ms of 1970.
inline constexpr TimeMs kMaxHeadTime = (TimeMs{1} << 55) - 1;
inline bool is_head_time(TimeMs t) { return t >= -kMaxHeadTime && t <= kMaxHeadTime; }

// What files call the series of a chunk that nobody shall find there after a stop: samples out of order
// come back from wbl/, which says which of them are deleted. (0 at time 0 would be the end of a file.)
inline constexpr uint64_t kOfNoSeries = ~uint64_t{0};

// What stays with a series of a finished chunk. Its times are told twice (the file has them too),
// so that choosing chunks by time touches nothing else. Immutable.
class SealedChunk {
 public:
  // Whether a chunk can be told so.
  static bool fits(TimeMs min_time, TimeMs max_time) {
    return is_head_time(min_time) && is_head_time(max_time) && max_time >= min_time &&
           static_cast<uint64_t>(max_time - min_time) <= 0xffffffff;
  }

  SealedChunk() = default;
  // Requires: fits(min_time, max_time); place < 2^40.
  SealedChunk(TimeMs min_time, TimeMs max_time, uint64_t place)
      : min_time_and_place_(static_cast<uint64_t>(min_time) << 8 | place >> 32),
        span_(static_cast<uint32_t>(max_time - min_time)),
        place_(static_cast<uint32_t>(place)) {}

  TimeMs min_time() const { return static_cast<TimeMs>(min_time_and_place_) >> 8; }
  TimeMs max_time() const { return min_time() + span_; }
  uint64_t place() const { return (min_time_and_place_ & 0xff) << 32 | place_; }

 private:
  uint64_t min_time_and_place_ = 0;  // 56 bits and the upper 8 of the place
  uint32_t span_ = 0;                // ms
  uint32_t place_ = 0;               // the lower 32 bits
};
static_assert(sizeof(SealedChunk) == 16);

// A chunk found when the head was opened. Its times may be too far apart for a SealedChunk if it is
// out of order.
struct FoundChunk {
  uint64_t series = 0;  // its ref in the log
  TimeMs min_time = 0;
  TimeMs max_time = 0;
  uint64_t place = 0;
  uint16_t samples = 0;
  Encoding encoding = Encoding::kXor;
  bool out_of_order = false;
};

// What chunks_head/ had when the head was opened: by file, in the order in which they were written.
struct FoundChunks {
  std::vector<std::vector<FoundChunk>> files;
  bool damaged = false;  // some were lost: the log has their samples, a memory snapshot has not
};

// Chunks are added to memory and written to the file behind, a MiB at a time, by the pool; what is
// written need not stay resident. The order of chunks is also their order on disk, whenever the
// process or the disk stops: of a series there is never a later one without the earlier ones. While
// the disk has no room, chunks stay in memory. A place is 13 bits of the file's number and 27 bits
// of the offset in it. Thread-safe; read() takes no lock.
class HeadChunks {
 public:
  // Makes `dir`.
  HeadChunks(std::string dir, Epoch& epoch, Pool& pool, Registry& registry);
  ~HeadChunks();  // flushes; logs what could not be written
  HeadChunks(const HeadChunks&) = delete;
  HeadChunks& operator=(const HeadChunks&) = delete;

  // ---- at open, before anything is added: one of these (head_chunks_open.cpp)
  // What the caller does not keep, it must remove(). A file that is damaged goes, and those after
  // it.
  FoundChunks load();
  void clear();  // removes all files

  // ---- then
  // Returns the place. Requires: SealedChunk::fits(min_time, max_time).
  uint64_t add(uint64_t series, TimeMs min_time, TimeMs max_time, Encoding encoding,
               bool out_of_order, std::string_view bytes);
  // Valid until it is removed, and as long as an epoch guard of the reader. Throws Error(kCorrupt)
  // when the file was damaged since.
  ChunkView read(const SealedChunk& chunk) const;
  // How many bytes behind its own may be read, too, as long.
  size_t readable_behind(const SealedChunk& chunk, const ChunkView& read) const;
  // Begins to fetch the chunk, for a read() that follows.
  void prefetch(const SealedChunk& chunk) const;
  // Appends its samples of the range, likewise; where the file was damaged since there are none, but
  // a warning.
  void decode(const SealedChunk& chunk, TimeRange range, Columns& out,
              ReadWarnings& warnings) const;
  // The chunk stays readable for the epoch's guards that exist now.
  void remove(uint64_t place);

  // Begins a new file, and deletes the oldest files as long as all of their chunks are removed.
  void truncate();
  // All chunks added so far are in the files and synced. Throws Error(kIo).
  void flush();

  // ---- before late samples are deleted (head_chunks_late.cpp)
  // Whether files that were found have late chunks under the refs of their series, as Prometheus
  // makes them: it would take them for samples that are there.
  bool has_named_late() const;
  // Writes those files anew, with these chunks under kOfNoSeries. Throws Error(kIo).
  void disown_late();

 private:
  static constexpr unsigned kOffsetBits = 27;
  static constexpr uint64_t kOffsetMask = (uint64_t{1} << kOffsetBits) - 1;
  static constexpr size_t kMaxFiles = 8192;
  static constexpr size_t kWriteBytes = 1 << 20;

  // A file: found when the head was opened, or made since.
  struct LiveFile {
    uint32_t number = 0;
    size_t used = 0;    // bytes; the rest is room
    size_t chunks = 0;  // not removed
    MappedFile found;
    bool has_named_late = false;  // of `found`
    std::unique_ptr<GrowingFile> made;
    bool complete = false;  // on disk; belongs to who writes
  };
  using FilePtr = std::shared_ptr<LiveFile>;

  // Where readers find a file, by its number modulo kMaxFiles.
  struct Bytes {
    std::atomic<const char*> data{nullptr};
    std::atomic<uint32_t> size{0};
  };
  // Holds the right to write and delete files; waits for it. One thread.
  class Writing {
   public:
    explicit Writing(HeadChunks& chunks);
    ~Writing();
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;

   private:
    HeadChunks& chunks_;
  };

  std::string path(uint32_t number) const;
  void publish(const LiveFile& file);
  void begin_file() REQUIRES(mutex_);
  void write_behind();
  void write_files(bool all_complete);
  bool delete_oldest_file();
  void remove_unfinished_files();

  void keep(uint32_t number, MappedFile found, const std::vector<FoundChunk>& chunks);

  const std::string dir_;
  Epoch& epoch_;
  Pool& pool_;
  const Counter corruptions_, written_chunks_;
  const std::unique_ptr<Bytes[]> bytes_;
  mutable std::atomic<bool> damage_logged_{false};

  mutable Mutex mutex_;
  std::deque<FilePtr> files_ GUARDED_BY(mutex_);  // without gaps; chunks are added to the last
  uint32_t next_number_ GUARDED_BY(mutex_) = 1;
  size_t unwritten_ GUARDED_BY(mutex_) = 0;  // bytes added since the last write began
  bool writing_ GUARDED_BY(mutex_) = false;
  CondVar written_;
};

}  // namespace hearth::tsdb
