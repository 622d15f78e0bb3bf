#include "tsdb/chunk_xor2.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/sample.h"

namespace hearth::tsdb {
namespace {

// Of the change of the time step; two's complement.
constexpr unsigned kShortStepBits = 13, kLongStepBits = 20;

bool fits(int64_t dod, unsigned bits) {
  const int64_t half = int64_t{1} << (bits - 1);
  return -half <= dod && dod < half;
}

[[noreturn]] void fail_short() {
  throw Error(ErrorKind::kCorrupt, "XOR2 chunk ends before its last sample");
}

uint64_t read_step(BitReader& in, unsigned bits) {
  const uint64_t x = in.read(bits);
  const bool negative = bits < 64 && x >> (bits - 1) != 0;
  return negative ? x - (uint64_t{1} << bits) : x;
}

// After a step that changed. Returns the bits of the double.
uint64_t read_value(BitReader& in, XorValue& value) {
  in.refill();
  const auto ones = std::min(std::countl_one(in.window()), 3);
  in.skip(static_cast<unsigned>(std::min(ones + 1, 3)));
  if (ones == 1) value.read_in_window(in);
  if (ones == 2) value.read_new_window(in);
  return ones == 3 ? kStaleBits : value.bits;
}

}  // namespace

void Xor2Encoder::append(TimeMs t, double v, TimeMs start) {
  const uint64_t delta = static_cast<uint64_t>(t) - static_cast<uint64_t>(time_);
  if (samples_ == 0) {
    bits_.write_varint(t);
    bits_.write(std::bit_cast<uint64_t>(v), 64);
  } else if (samples_ == 1) {
    bits_.write_uvarint(delta);
    write_value(v);
    delta_ = delta;
  } else {
    write_step(static_cast<int64_t>(delta - delta_), v);
    delta_ = delta;
  }
  start_times_.write(bits_, 2, samples_, t, time_, start);
  time_ = t;
  if (!is_stale(v)) value_ = v;
  ++samples_;
  bits_.set_byte(0, static_cast<uint8_t>(samples_ >> 8));
  bits_.set_byte(1, static_cast<uint8_t>(samples_));
}

void Xor2Encoder::write_step(int64_t dod, double v) {
  const auto bits = static_cast<uint64_t>(dod);
  if (dod == 0) {
    const uint64_t difference = std::bit_cast<uint64_t>(v) ^ std::bit_cast<uint64_t>(value_);
    if (is_stale(v)) {
      bits_.write(0b11111, 5);
    } else if (difference == 0) {
      bits_.write(0b0, 1);
    } else if (window_.reuse(difference)) {
      bits_.write(0b100, 3);
      write_in_window(bits_, window_, difference);
    } else {
      bits_.write(0b101, 3);
      write_new_window(bits_, window_, difference);
    }
    return;
  }
  if (fits(dod, kShortStepBits)) {
    bits_.write(uint64_t{0b110} << kShortStepBits | (bits & 0x1fff), 3 + kShortStepBits);
  } else if (fits(dod, kLongStepBits)) {
    bits_.write(uint64_t{0b1110} << kLongStepBits | (bits & 0xfffff), 4 + kLongStepBits);
  } else {
    bits_.write(0b11110, 5);
    bits_.write(bits, 64);
  }
  write_value(v);
}

void Xor2Encoder::write_value(double v) {
  const uint64_t difference = std::bit_cast<uint64_t>(v) ^ std::bit_cast<uint64_t>(value_);
  if (is_stale(v)) {
    bits_.write(0b111, 3);
  } else if (difference == 0) {
    bits_.write(0b0, 1);
  } else if (window_.reuse(difference)) {
    bits_.write(0b10, 2);
    write_in_window(bits_, window_, difference);
  } else {
    bits_.write(0b110, 3);
    write_new_window(bits_, window_, difference);
  }
}

void decode_xor2(std::string_view bytes, Columns& out) {
  if (bytes.size() < kXor2HeaderBytes) fail_short();
  const size_t count = load_be16(bytes.data());
  if (count == 0) return;
  StartTimeReader start_times(static_cast<uint8_t>(bytes[2]));
  ByteReader head(bytes.substr(kXor2HeaderBytes));
  uint64_t time = static_cast<uint64_t>(head.varint());
  uint64_t raw = head.be64();
  // One bit is the least that a sample takes: a lying count must not make us reserve much.
  if (head.failed() || count > 1 + head.left() * 8) fail_short();

  const size_t base = out.t.size();
  out.t.resize(base + count);
  out.v.resize(base + count);
  TimeMs* const times = out.t.data() + base;
  double* const values = out.v.data() + base;
  std::vector<TimeMs> starts;
  if (start_times.any()) starts.resize(count);

  BitReader in(head.rest());
  XorValue value;
  if (raw != kStaleBits) value.bits = raw;
  uint64_t delta = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t previous_time = time;
    if (i == 1) {
      delta = read_uvarint(in);
      raw = read_value(in, value);
    } else if (i > 1) {
      in.refill();
      const auto ones = std::min(std::countl_one(in.window()), 5);
      in.skip(static_cast<unsigned>(std::min(ones + 1, 5)));
      if (ones == 0) {
        raw = value.bits;
      } else if (ones == 1) {
        const bool moved = in.peek(1) != 0;
        in.skip(1);
        if (moved) {
          value.read_new_window(in);
        } else {
          value.read_in_window(in);
        }
        raw = value.bits;
      } else if (ones == 5) {
        raw = kStaleBits;
      } else {
        delta += read_step(in, ones == 2 ? kShortStepBits : ones == 3 ? kLongStepBits : 64);
        raw = read_value(in, value);
      }
    }
    time += delta;
    times[i] = static_cast<TimeMs>(time);
    values[i] = std::bit_cast<double>(raw);
    if (start_times.any()) starts[i] = start_times.read(in, i, time, previous_time);
  }
  if (in.overran()) fail_short();

  const bool started = std::any_of(starts.begin(), starts.end(), [](TimeMs t) { return t != 0; });
  if (!started && out.start_t.empty()) return;
  out.start_t.resize(base);
  if (started) out.start_t.insert(out.start_t.end(), starts.begin(), starts.end());
  out.start_t.resize(base + count);
}

}  // namespace hearth::tsdb
