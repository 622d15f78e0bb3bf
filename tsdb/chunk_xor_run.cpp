#include "tsdb/chunk_xor_run.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/bytes.h"
#include "tsdb/chunk_xor_lanes.h"

namespace hearth::tsdb {
namespace {

constexpr size_t kLeastRun = 3;  // chunks

// The 64 bits from `bit` on, zeros behind the end.
uint64_t word(const XorLane& lane, uint64_t bit) {
  const uint64_t byte = bit / 8;
  uint8_t padded[9] = {};
  const uint8_t* p = lane.bytes + byte;
  if (byte + 9 > lane.size) {
    if (byte < lane.size) std::copy(p, lane.bytes + lane.size, padded);
    p = padded;
  }
  const unsigned used = bit % 8;
  return load_be64(p) << used | p[8] >> (8 - used);
}

// Returns false where the chunk is damaged.
bool read_value(XorLane& lane) {
  const uint64_t bits = word(lane, lane.bit);
  if (bits >> 63 == 0) {
    lane.bit += 1;
  } else {
    if (bits >> 62 == 0b11) {
      const uint64_t lead = bits << 2 >> 59;
      const uint64_t significant = ((bits << 7 >> 58) + 63) % 64 + 1;  // 0 means 64
      if (lead + significant > 64) return false;
      lane.significant = significant;
      lane.trail = 64 - lead - significant;
      lane.bit += 13;
    } else {
      lane.bit += 2;
    }
    lane.value ^= word(lane, lane.bit) >> (64 - lane.significant) << lane.trail;
    lane.bit += lane.significant;
  }
  return lane.bit <= lane.size * 8;
}

void read_delta(XorLane& lane) {
  const uint64_t bits = word(lane, lane.bit);
  const auto add = [&](unsigned prefix, unsigned count) {
    const uint64_t raw = bits << prefix >> (64 - count);
    lane.delta += raw > uint64_t{1} << (count - 1) ? raw - (uint64_t{1} << count) : raw;
    lane.bit += prefix + count;
  };
  if (bits >> 63 == 0) {
    lane.bit += 1;
  } else if (bits >> 62 == 0b10) {
    add(2, 14);
  } else if (bits >> 61 == 0b110) {
    add(3, 17);
  } else if (bits >> 60 == 0b1110) {
    add(4, 20);
  } else {
    lane.delta += word(lane, lane.bit + 4);
    lane.bit += 68;
  }
}

void put(XorLane& lane) {
  *lane.t++ = static_cast<TimeMs>(lane.time);
  *lane.v++ = std::bit_cast<double>(lane.value);
  --lane.left;
}

bool step(XorLane& lane) {
  read_delta(lane);
  lane.time += lane.delta;
  if (!read_value(lane)) return false;
  put(lane);
  return true;
}

// Decodes the first two samples, which are written differently. Requires: lane.left > 0.
bool begin(XorLane& lane, std::string_view bytes) {
  ByteReader head(bytes.substr(2));
  lane.time = static_cast<uint64_t>(head.varint());
  lane.value = head.be64();
  put(lane);
  if (lane.left == 0) return !head.failed();
  lane.delta = head.uvarint();
  if (head.failed()) return false;
  const std::string_view rest = head.rest();
  lane.bytes = reinterpret_cast<const uint8_t*>(rest.data());
  lane.size = rest.size();
  lane.time += lane.delta;
  if (!read_value(lane)) return false;
  put(lane);
  return true;
}

// How many samples all chunks have together; 0 where it is better to decode one after another.
size_t count_samples(std::span<const ChunkView> chunks) {
  if (chunks.size() < kLeastRun || !has_xor_lanes()) return 0;
  size_t samples = 0, bytes = 0;
  TimeMs before = kMinTime;
  for (const ChunkView& chunk : chunks) {
    if (chunk.encoding != Encoding::kXor || chunk.bytes.size() < 2) return 0;
    if (samples > 0 && chunk.min_time <= before) return 0;
    const size_t count = load_be16(chunk.bytes.data());
    // Two bits is the least that a sample takes: a lying count must not make us reserve much.
    if (count > 2 + chunk.bytes.size() * 4) return 0;
    samples += count;
    bytes += chunk.bytes.size();
    before = chunk.max_time;
  }
  // Where samples hardly differ the processor foresees their bits, and one after another is faster.
  return bytes < samples ? 0 : samples;
}

// Leaves the samples in the range. Times ascend; where a damaged chunk breaks that, any cut is as
// good.
void cut(TimeRange range, Columns& out) {
  const auto first = std::lower_bound(out.t.begin(), out.t.end(), range.min) - out.t.begin();
  const auto end = std::upper_bound(out.t.begin() + first, out.t.end(), range.max) - out.t.begin();
  out.t.resize(static_cast<size_t>(end));
  out.v.resize(static_cast<size_t>(end));
  if (first == 0) return;
  out.t.erase(out.t.begin(), out.t.begin() + first);
  out.v.erase(out.v.begin(), out.v.begin() + first);
}

}  // namespace

bool decode_xor_run(std::span<const ChunkView> chunks, TimeRange range, Columns& out) {
  const size_t samples = count_samples(chunks);
  if (samples == 0) return false;
  out.clear();
  out.t.resize(samples);
  out.v.resize(samples);

  std::array<XorLane, kXorLanes> lanes;
  size_t busy = 0, next = 0, placed = 0;
  for (;;) {
    while (busy < kXorLanes && next < chunks.size()) {
      const std::string_view bytes = chunks[next++].bytes;
      XorLane& lane = lanes[busy] = {};
      lane.left = load_be16(bytes.data());
      if (lane.left == 0) continue;
      lane.t = out.t.data() + placed;
      lane.v = out.v.data() + placed;
      placed += lane.left;
      if (!begin(lane, bytes)) return false;
      ++busy;
    }
    if (busy == 0) break;
    const bool together = busy >= kLeastRun;
    const uint32_t stopped = together ? step_lanes({lanes.data(), busy}) : (1u << busy) - 1;
    for (size_t i = busy; i-- > 0;) {
      if ((stopped >> i & 1) == 0) continue;
      XorLane& lane = lanes[i];
      // A lane that stopped for its bits' sake goes on after one sample; at its end it is finished.
      const bool goes_on = together && lane.can_go_on();
      do {
        if (lane.left != 0 && !step(lane)) return false;
      } while (lane.left != 0 && !goes_on);
      if (lane.left == 0) lane = lanes[--busy];
    }
  }
  cut(range, out);
  return true;
}

}  // namespace hearth::tsdb
