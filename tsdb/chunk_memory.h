// The chunks of the head's series: the open one that grows, and the sealed ones before it.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/byte_pool.h"
#include "core/clock.h"
#include "core/prefetch.h"
#include "tsdb/chunk.h"
#include "tsdb/chunk_xor.h"
#include "tsdb/head_chunks.h"
#include "tsdb/options.h"
#include "tsdb/series.h"
#include "tsdb/series_extra.h"

namespace hearth::tsdb {

// The number of samples at the head of an open chunk is written when the chunk is copied or sealed:
// an append touches the series and the chunk's last bytes, no more. Thread-safe, by the locks of
// the series.
class ChunkMemory {
 public:
  ChunkMemory(const Options& options, BytePool& pool, HeadChunks& store, SeriesExtras& extras)
      : chunk_range_(options.min_block_duration),
        samples_per_chunk_(options.samples_per_chunk),
        pool_(pool),
        store_(store),
        extras_(extras) {}

  // Returns whether a chunk was begun. Chunk files will call the series `ref` (0: not by its name).
  // Requires: t > last_time; is_head_time(t); sealed_count < 65535.
  bool append(Series& series, SeriesRef ref, TimeMs t, uint64_t value) REQUIRES(series.lock);

  // Likewise. A change between floats and histograms begins a chunk.
  bool append_histogram(Series& series, SeriesRef ref, TimeMs t, const FloatHistogram& histogram)
      REQUIRES(series.lock);
  // The samples of what was an open chunk become the open chunk again, uncut. False: they are none,
  // and the series is of no use. Requires: the series has no chunk; times ascend.
  bool restore(Series& series, const Columns& columns) REQUIRES(series.lock);
  // Likewise of an XOR chunk: `bytes`, whose samples and end are known, are taken as they are. False:
  // they are no open chunk of ours, nothing was done.
  bool restore_bytes(Series& series, std::string_view bytes, const XorEnd& end,
                     std::span<const TimeMs> times) REQUIRES(series.lock);

  // The series' newest sample, where that is a histogram and in the open chunk; nullptr else. Valid
  // until the next append.
  const FloatHistogram* last_histogram(const Series& series) const REQUIRES(series.lock);

  // Fetches what append() will write, while there is other work to do. Needs no lock: should it look
  // while the chunk moves, something else is fetched.
  void prefetch(const Series& series) const NO_THREAD_SAFETY_ANALYSIS {
    if (series.chunk == 0) return;
    const char* const end = pool_.at(series.chunk) + series.used;
    __builtin_prefetch(end - 1, 1);  // may be half full
    __builtin_prefetch(end + kUsualBytes - 1, 1);
  }

  // Likewise what copy_open_chunk() and sealed_chunks() will read.
  void prefetch_to_read(const Series& series) const NO_THREAD_SAFETY_ANALYSIS {
    if (series.sealed != 0) __builtin_prefetch(pool_.at(series.sealed));
    if (series.chunk == 0) return;
    hearth::prefetch(pool_.at(series.chunk), series.used);
  }

  // kXor2: floats become XOR2 chunks when they are sealed. While a chunk grows it is XOR either way.
  void set_float_encoding(Encoding encoding) { float_encoding_.store(encoding); }

  // Drops the chunks whose samples are all before `time`; returns how many.
  size_t drop_before(Series& series, TimeMs time) REQUIRES(series.lock);

  // A chunk found in chunks_head/ becomes one of the series'. False: it is not behind those that the
  // series has, and was not taken. An open chunk that it overlaps, from a memory snapshot, was
  // finished since: it goes.
  bool attach(Series& series, const SealedChunk& chunk, Encoding encoding) REQUIRES(series.lock);

  // Replaces `out` by the open chunk's payload; "" when there is none. Returns its encoding.
  Encoding copy_open_chunk(const Series& series, std::string& out) const REQUIRES(series.lock);
  // Valid while the series is locked.
  std::span<const SealedChunk> sealed_chunks(const Series& series) const REQUIRES(series.lock);

  // Time of the oldest sample. Requires: not empty().
  TimeMs first_time(const Series& series) const REQUIRES(series.lock);

 private:
  static constexpr size_t kUsualBytes = 16;  // that are written for most samples

  bool is_due(Series& series, TimeMs t) const REQUIRES(series.lock);
  bool is_due(Series& series, TimeMs t, size_t bytes) const REQUIRES(series.lock);
  void set_border(Series& series, TimeMs t) REQUIRES(series.lock);
  void predict_border(Series& series, TimeMs newest) const REQUIRES(series.lock);
  void begin(Series& series, TimeMs t, size_t bytes) REQUIRES(series.lock);
  static void set_state(Series& series, const XorState& state) REQUIRES(series.lock);
  void encode(Series& series, TimeMs t, uint64_t value) REQUIRES(series.lock);
  bool restore_histograms(Series& series, const Columns& columns) REQUIRES(series.lock);
  void seal(Series& series, SeriesRef ref) REQUIRES(series.lock);
  void add_sealed(Series& series, SeriesRef ref, Encoding encoding, std::string_view bytes)
      REQUIRES(series.lock);
  void drop_open_chunk(Series& series) REQUIRES(series.lock);
  void add_bytes(Series& series, const uint8_t (&buffer)[kXorSampleBuffer], size_t length)
      REQUIRES(series.lock);
  void set_sealed(Series& series, std::span<const SealedChunk> kept, const SealedChunk* added)
      REQUIRES(series.lock);

  const DurationMs chunk_range_;
  const size_t samples_per_chunk_;
  std::atomic<Encoding> float_encoding_{Encoding::kXor};
  BytePool& pool_;
  HeadChunks& store_;
  SeriesExtras& extras_;
};

}  // namespace hearth::tsdb
