#include "tsdb/chunk_xor_run.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "tsdb/chunk_xor.h"
#include "tsdb/chunk_xor_lanes.h"

namespace hearth::tsdb {
namespace {

constexpr size_t kLeastRun = 3;  // chunks: fewer are quicker one after another

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
  if (!std::exchange(lane.second, false)) {
    read_delta(lane);
    lane.time += lane.delta;
  }
  if (!read_value(lane)) return false;
  put(lane);
  return true;
}

// Decodes the first sample, and the time of the second, which are written differently. Returns
// false where it is damaged.
bool begin(XorLane& lane, const XorJob& job) {
  lane.left = job.samples;
  lane.t = job.t;
  lane.v = job.v;
  ByteReader head(job.bytes.substr(kXorHeaderBytes));
  lane.time = static_cast<uint64_t>(head.varint());
  lane.value = head.be64();
  put(lane);
  if (lane.left == 0) return !head.failed();
  lane.delta = head.uvarint();
  if (head.failed()) return false;
  const std::string_view rest = head.rest();
  lane.bytes = reinterpret_cast<const uint8_t*>(rest.data());
  lane.size = rest.size();
  lane.readable = rest.size() + job.behind;
  lane.time += lane.delta;
  lane.second = true;
  return true;
}

// Jobs in an order in which those of equal length, which are almost all, stand together: so lanes
// end and begin together. One thread.
class JobOrder {
 public:
  explicit JobOrder(std::span<XorJob> jobs) : jobs_(jobs) {
    if (!jobs.empty()) usual_ = jobs[jobs.size() / 2].samples;
  }
  // nullptr: there is none left.
  XorJob* next() {
    for (; !others_ || next_ < jobs_.size(); ++next_) {
      if (next_ == jobs_.size()) {
        others_ = true;
        next_ = 0;
        if (jobs_.empty()) break;
      }
      if ((jobs_[next_].samples == usual_) != others_) return &jobs_[next_++];
    }
    return nullptr;
  }

 private:
  const std::span<XorJob> jobs_;
  size_t usual_ = 0, next_ = 0;
  bool others_ = false;
};

// The lanes that are at their second samples, as bits.
uint32_t at_second(std::span<const XorLane> lanes) {
  uint32_t found = 0;
  for (size_t i = 0; i < lanes.size(); ++i) found |= uint32_t{lanes[i].second} << i;
  return found;
}

// Whether it is worth it, and possible.
bool are_one_run(std::span<const ChunkView> chunks) {
  if (chunks.size() < kLeastRun || !has_xor_run()) return false;
  size_t samples = 0, bytes = 0;
  TimeMs before = kMinTime;
  for (const ChunkView& chunk : chunks) {
    const size_t of_chunk = xor_samples(chunk);
    if (of_chunk == 0 || (samples > 0 && chunk.min_time <= before)) return false;
    samples += of_chunk;
    bytes += chunk.bytes.size();
    before = chunk.max_time;
  }
  // Where samples hardly differ the processor foresees their bits, and one after another is faster.
  return bytes >= samples;
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

bool has_xor_run() { return has_xor_lanes(); }

size_t xor_samples(const ChunkView& chunk) {
  if (chunk.encoding != Encoding::kXor || chunk.bytes.size() < kXorHeaderBytes) return 0;
  const size_t count = load_be16(chunk.bytes.data());
  // Two bits is the least that a sample takes: a lying count must not make us reserve much.
  return count > 2 + chunk.bytes.size() * 4 ? 0 : count;
}

void decode_xor_jobs(std::span<XorJob> jobs) {
  std::array<XorLane, kXorLanes> lanes;
  std::array<XorJob*, kXorLanes> of;
  JobOrder order(jobs);
  size_t busy = 0;
  for (;;) {
    while (busy < kXorLanes) {
      XorJob* const job = order.next();
      if (job == nullptr) break;
      lanes[busy] = {};
      of[busy] = job;
      job->good = begin(lanes[busy], *job);
      if (job->good && lanes[busy].left != 0) ++busy;
    }
    if (busy == 0) return;
    const bool together = busy >= kLeastRun;
    const std::span<XorLane> used(lanes.data(), busy);
    const uint32_t all = (1u << busy) - 1, second = at_second(used);
    const uint32_t stopped = !together                      ? all
                             : second != 0 && second != all ? second
                                                            : step_lanes(used);
    for (size_t i = busy; i-- > 0;) {
      if ((stopped >> i & 1) == 0) continue;
      XorLane& lane = lanes[i];
      // A lane that stopped for its bits' sake goes on after one sample; at its end it is finished.
      const bool goes_on = together && lane.can_go_on();
      do {
        if (lane.left != 0 && !step(lane)) of[i]->good = false;
      } while (of[i]->good && lane.left != 0 && !goes_on);
      if (lane.bit > lane.size * 8) of[i]->good = false;
      if (lane.left != 0 && of[i]->good) continue;
      --busy;
      lane = lanes[busy];
      of[i] = of[busy];
    }
  }
}

bool decode_xor_run(std::span<const ChunkView> chunks, TimeRange range, Columns& out) {
  if (!are_one_run(chunks)) return false;
  static thread_local std::vector<XorJob> jobs;
  jobs.clear();
  size_t samples = 0;
  for (const ChunkView& chunk : chunks) samples += xor_samples(chunk);
  out.clear();
  out.t.resize(samples);
  out.v.resize(samples);
  size_t placed = 0;
  for (const ChunkView& chunk : chunks) {
    jobs.push_back(
        {chunk.bytes, 0, xor_samples(chunk), out.t.data() + placed, out.v.data() + placed});
    placed += jobs.back().samples;
  }
  decode_xor_jobs(jobs);
  if (!std::all_of(jobs.begin(), jobs.end(), [](const XorJob& job) { return job.good; }))
    return false;
  cut(range, out);
  return true;
}

}  // namespace hearth::tsdb
