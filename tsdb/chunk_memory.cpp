#include "tsdb/chunk_memory.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "tsdb/chunk_cut.h"
#include "tsdb/chunk_histogram.h"
#include "tsdb/chunk_xor.h"
#include "tsdb/chunk_xor2.h"

namespace hearth::tsdb {
namespace {

constexpr size_t kRoomUnit = 16;  // of Series::chunk_room
constexpr size_t kFirstBytes = 32;
constexpr size_t kMaxBytes = 1040;  // of any open chunk
constexpr size_t kGrowth = 48;      // at least; so that a chunk moves every score of samples or so

void put_count(char* chunk, uint16_t samples) {
  const uint16_t count = __builtin_bswap16(samples);
  std::memcpy(chunk, &count, sizeof count);
}

// Valid until the thread's next call.
std::string_view as_xor2(std::string_view xor_bytes) {
  thread_local Columns columns;
  thread_local Xor2Encoder encoder;
  columns.clear();
  decode_xor(xor_bytes, columns);
  encoder.clear();
  for (size_t i = 0; i < columns.t.size(); ++i) encoder.append(columns.t[i], columns.v[i]);
  return encoder.bytes();
}

}  // namespace

bool ChunkMemory::is_due(Series& series, TimeMs t) const {
  if (series.used > kMaxOpenChunkBytes) return true;
  if (series.samples == samples_per_chunk_ / 4) predict_border(series, series.last_time);
  const uint64_t since_start = static_cast<uint64_t>(t) - static_cast<uint64_t>(series.chunk_start);
  return since_start >= series.cut_after || series.samples >= 2 * samples_per_chunk_ ||
         series.samples == kMaxXorSamples;
}

// The open chunk is a quarter full.
void ChunkMemory::predict_border(Series& series, TimeMs newest) const {
  const TimeMs end = series.chunk_start + series.cut_after;
  series.cut_after = static_cast<uint32_t>(predicted_end(series.chunk_start, newest, end) -
                                           series.chunk_start);
}

// The open chunk begins at t and ends with the range that t is in.
void ChunkMemory::set_border(Series& series, TimeMs t) {
  constexpr auto kLongest = uint64_t{std::numeric_limits<uint32_t>::max()};
  const uint64_t left =
      static_cast<uint64_t>(range_end(t, chunk_range_)) - static_cast<uint64_t>(t);
  series.chunk_start = t;
  series.cut_after = static_cast<uint32_t>(std::min(left, kLongest));
}

void ChunkMemory::begin(Series& series, TimeMs t, size_t bytes) {
  set_border(series, t);
  series.flags &= static_cast<uint8_t>(~Series::kHistogram);
  series.lead = 0;
  series.trail = XorState::kNoWindow;
  series.bit = 0;
  series.samples = 0;
  series.used = kXorHeaderBytes;
  series.chunk = pool_.allocate(bytes, BytePool::Lifetime::kShort);
  series.chunk_room = static_cast<uint8_t>(pool_.capacity(series.chunk) / kRoomUnit);
}

inline void ChunkMemory::set_state(Series& series, const XorState& state) {
  series.last_time = state.time;
  series.last_value = state.value;
  series.last_delta = static_cast<uint32_t>(state.delta);
  series.samples = static_cast<uint16_t>(state.samples);
  series.lead = state.lead & 31;
  series.trail = state.trail;
  series.bit = state.bit & 7;
}

inline void ChunkMemory::encode(Series& series, TimeMs t, uint64_t value) {
  XorState state{series.last_time, series.last_value, series.last_delta, series.samples,
                 series.lead,      series.trail,      series.bit};
  uint8_t buffer[kXorSampleBuffer] = {};
  if (state.bit != 0) {
    series.used = static_cast<uint16_t>(series.used - 1);
    buffer[0] = static_cast<uint8_t>(pool_.at(series.chunk)[series.used]);
  }
  const size_t length = encode_xor_sample(state, t, value, buffer);
  add_bytes(series, buffer, length);

  set_state(series, state);
}

bool ChunkMemory::append(Series& series, SeriesRef ref, TimeMs t, uint64_t value) {
  if (series.samples > 0 && (series.chunk == 0 || is_due(series, t))) seal(series, ref);
  const bool begun = series.samples == 0;
  if (begun) begin(series, t, kFirstBytes);
  encode(series, t, value);
  return begun;
}

bool ChunkMemory::restore(Series& series, const Columns& columns) {
  for (size_t i = 0; i < columns.t.size(); ++i) {
    if (series.samples == 0) begin(series, columns.t[i], kFirstBytes);
    if (series.used > kMaxOpenChunkBytes) return false;
    (void)is_due(series, columns.t[i]);  // predicts the end
    encode(series, columns.t[i], std::bit_cast<uint64_t>(columns.v[i]));
  }
  return columns.t.empty() ? restore_histograms(series, columns) : columns.histogram_t.empty();
}

bool ChunkMemory::restore_bytes(Series& series, std::string_view bytes, const XorEnd& end,
                                std::span<const TimeMs> times) {
  const size_t quarter = samples_per_chunk_ / 4;
  if (times.empty() || quarter == 0 || end.bytes > kMaxOpenChunkBytes ||
      end.state.delta > std::numeric_limits<uint32_t>::max()) {
    return false;
  }
  begin(series, times.front(), end.bytes + kGrowth / 2);
  std::memcpy(pool_.at(series.chunk), bytes.data(), end.bytes);
  series.used = static_cast<uint16_t>(end.bytes);
  set_state(series, end.state);
  if (times.size() > quarter) predict_border(series, times[quarter - 1]);
  return true;
}

void ChunkMemory::add_bytes(Series& series, const uint8_t (&buffer)[kXorSampleBuffer],
                            size_t length) {
  const size_t size = series.used + length;
  if (size > series.chunk_room * kRoomUnit) {
    const size_t room = series.used + std::max(kGrowth, size_t{series.used} / 4);
    const BytePool::Handle grown =
        pool_.allocate(std::max(size, std::min(room, kMaxBytes)), BytePool::Lifetime::kShort);
    std::memcpy(pool_.at(grown), pool_.at(series.chunk), series.used);
    pool_.free(series.chunk);
    series.chunk = grown;
    series.chunk_room = static_cast<uint8_t>(pool_.capacity(grown) / kRoomUnit);
  }
  char* const end = pool_.at(series.chunk) + series.used;
  if (length <= kUsualBytes && series.used + kUsualBytes <= series.chunk_room * kRoomUnit) {
    std::memcpy(end, buffer, kUsualBytes);  // of a constant size: no call
  } else {
    std::memcpy(end, buffer, length);
  }
  series.used = static_cast<uint16_t>(size);
}

void ChunkMemory::seal(Series& series, SeriesRef ref) {
  if (series.chunk != 0) {
    put_count(pool_.at(series.chunk), series.samples);
    const std::string_view bytes(pool_.at(series.chunk), series.used);
    const Encoding encoding = float_encoding_.load(std::memory_order_relaxed);
    add_sealed(series, ref, encoding, encoding == Encoding::kXor2 ? as_xor2(bytes) : bytes);
  } else {
    const HistogramEncoder& encoder = *extras_.find(series)->histogram;
    add_sealed(series, ref, encoder.encoding(), encoder.bytes());
  }
  drop_open_chunk(series);
}

void ChunkMemory::add_sealed(Series& series, SeriesRef ref, Encoding encoding,
                             std::string_view bytes) {
  const TimeMs start = series.chunk_start;
  const TimeMs end = series.last_time;
  const SealedChunk sealed(start, end, store_.add(ref, start, end, encoding, false, bytes));
  set_sealed(series, sealed_chunks(series), &sealed);
}

void ChunkMemory::drop_open_chunk(Series& series) {
  if (series.chunk != 0) {
    pool_.free(series.chunk);
    series.chunk = 0;
  } else if (SeriesExtra* const extra = extras_.find(series)) {
    extra->histogram.reset();
    extras_.remove_if_empty(series);
  }
  series.samples = 0;
  series.used = 0;
}

// Puts the list into a piece of the right size.
void ChunkMemory::set_sealed(Series& series, std::span<const SealedChunk> kept,
                             const SealedChunk* added) {
  const size_t count = kept.size() + (added != nullptr ? 1 : 0);
  BytePool::Handle list = 0;
  if (count > 0) {
    list = pool_.allocate(count * sizeof(SealedChunk));
    char* p = pool_.at(list);
    if (!kept.empty()) std::memcpy(p, kept.data(), kept.size_bytes());
    if (added != nullptr) std::memcpy(p + kept.size_bytes(), added, sizeof *added);
  }
  if (series.sealed != 0) pool_.free(series.sealed);
  series.sealed = list;
  series.sealed_count = static_cast<uint16_t>(count);
}

size_t ChunkMemory::drop_before(Series& series, TimeMs time) {
  const std::span<const SealedChunk> sealed = sealed_chunks(series);
  size_t dropped = 0;
  while (dropped < sealed.size() && sealed[dropped].max_time() < time) {
    store_.remove(sealed[dropped++].place());
  }
  if (dropped > 0) set_sealed(series, sealed.subspan(dropped), nullptr);
  if (series.samples > 0 && series.last_time < time) {
    drop_open_chunk(series);
    ++dropped;
  }
  return dropped;
}

bool ChunkMemory::attach(Series& series, const SealedChunk& chunk, Encoding encoding) {
  const std::span<const SealedChunk> sealed = sealed_chunks(series);
  if (sealed.size() == Series::kMaxSealed) return false;
  if (!sealed.empty() && sealed.back().max_time() >= chunk.min_time()) return false;
  if (series.samples > 0 && chunk.max_time() >= series.chunk_start) drop_open_chunk(series);
  set_sealed(series, sealed, &chunk);
  if (series.samples > 0) return true;
  series.last_time = chunk.max_time();
  series.flags &= static_cast<uint8_t>(~Series::kHistogram);
  if (!holds_floats(encoding)) series.flags |= Series::kHistogram;
  return true;
}

Encoding ChunkMemory::copy_open_chunk(const Series& series, std::string& out) const {
  out.clear();
  if (series.samples == 0) return Encoding::kXor;
  if (series.chunk == 0) {
    const HistogramEncoder& histograms = *extras_.find(series)->histogram;
    out = histograms.bytes();
    return histograms.encoding();
  }
  out.assign(pool_.at(series.chunk), series.used);
  put_count(out.data(), series.samples);
  return Encoding::kXor;
}

std::span<const SealedChunk> ChunkMemory::sealed_chunks(const Series& series) const {
  if (series.sealed == 0) return {};
  return {reinterpret_cast<const SealedChunk*>(pool_.at(series.sealed)), series.sealed_count};
}

TimeMs ChunkMemory::first_time(const Series& series) const {
  return series.sealed_count > 0 ? sealed_chunks(series).front().min_time() : series.chunk_start;
}

}  // namespace hearth::tsdb
