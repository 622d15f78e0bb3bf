#include "tsdb/chunk_xor.h"

#include <bit>

#include "core/bits.h"
#include "core/bytes.h"
#include "core/error.h"

namespace hearth::tsdb {
namespace {

[[noreturn]] void fail_short() {
  throw Error(ErrorKind::kCorrupt, "XOR chunk ends before its last sample");
}

uint8_t* put_uvarint(uint8_t* out, uint64_t x) {
  for (; x >= 0x80; x >>= 7) *out++ = static_cast<uint8_t>(x | 0x80);
  *out++ = static_cast<uint8_t>(x);
  return out;
}

// Whether a delta of deltas fits the class of `bits` bits: -(2^(bits-1) - 1) .. 2^(bits-1).
bool fits(int64_t dod, unsigned bits) {
  const int64_t half = int64_t{1} << (bits - 1);
  return -(half - 1) <= dod && dod <= half;
}

void write_delta_of_delta(BitWriter& writer, int64_t dod) {
  const auto bits = static_cast<uint64_t>(dod);
  if (dod == 0) {
    writer.write(0b0, 1);
  } else if (fits(dod, 14)) {
    writer.write(uint64_t{0b10} << 14 | (bits & 0x3fff), 16);
  } else if (fits(dod, 17)) {
    writer.write(uint64_t{0b110} << 17 | (bits & 0x1ffff), 20);
  } else if (fits(dod, 20)) {
    writer.write(uint64_t{0b1110} << 20 | (bits & 0xfffff), 24);
  } else {
    writer.write(0b1111, 4);
    writer.write(bits, 64);
  }
}

void write_value(BitWriter& writer, XorState& state, uint64_t value) {
  const uint64_t difference = value ^ state.value;
  if (difference == 0) {
    writer.write(0b0, 1);
    return;
  }
  const auto lead = static_cast<uint8_t>(std::min(std::countl_zero(difference), 31));
  const auto trail = static_cast<uint8_t>(std::countr_zero(difference));
  if (state.trail != XorState::kNoWindow && lead >= state.lead && trail >= state.trail) {
    writer.write(0b10, 2);
    writer.write(difference >> state.trail, 64u - state.lead - state.trail);
    return;
  }
  state.lead = lead;
  state.trail = trail;
  const unsigned significant = 64u - lead - trail;
  // 64 does not fit into six bits and stands as 0, which cannot occur otherwise.
  writer.write(uint64_t{0b11} << 11 | uint64_t{lead} << 6 | (significant & 63), 13);
  writer.write(difference >> trail, significant);
}

}  // namespace

size_t encode_xor_sample(XorState& state, TimeMs t, uint64_t value, uint8_t* out) {
  const uint64_t delta = static_cast<uint64_t>(t) - static_cast<uint64_t>(state.time);
  size_t length = 0;
  if (state.samples == 0) {
    const auto time = static_cast<uint64_t>(t);
    uint8_t* p = put_uvarint(out, time << 1 ^ static_cast<uint64_t>(t >> 63));
    const uint64_t swapped = __builtin_bswap64(value);
    std::memcpy(p, &swapped, 8);
    length = static_cast<size_t>(p + 8 - out);
  } else {
    uint8_t* start = out;
    unsigned used = state.bit;
    if (state.samples == 1) {
      start = put_uvarint(out, delta);  // the first sample ended on a byte's border
      used = 0;
    }
    BitWriter writer(start, used);
    if (state.samples > 1) write_delta_of_delta(writer, static_cast<int64_t>(delta - state.delta));
    write_value(writer, state, value);
    state.delta = delta;
    state.bit = static_cast<uint8_t>(writer.used());
    length = static_cast<size_t>(writer.position() - out) + (state.bit != 0 ? 1 : 0);
  }
  state.time = t;
  state.value = value;
  ++state.samples;
  return length;
}

void XorEncoder::clear() {
  state_ = XorState();
  bytes_.assign(kXorHeaderBytes, '\0');
}

void XorEncoder::append(TimeMs t, double v) {
  uint8_t buffer[kXorSampleBuffer];
  if (state_.bit != 0) {
    buffer[0] = static_cast<uint8_t>(bytes_.back());
    bytes_.pop_back();
  }
  const size_t length = encode_xor_sample(state_, t, std::bit_cast<uint64_t>(v), buffer);
  bytes_.append(reinterpret_cast<const char*>(buffer), length);
  const uint16_t count = __builtin_bswap16(static_cast<uint16_t>(state_.samples));
  std::memcpy(bytes_.data(), &count, sizeof count);
}

XorEnd decode_xor(std::string_view bytes, Columns& out) {
  ByteReader head(bytes);
  const size_t count = head.be16();
  if (head.failed()) fail_short();
  if (count == 0) return {XorState(), kXorHeaderBytes};
  const auto first_time = static_cast<uint64_t>(head.varint());
  uint64_t value = head.be64();
  uint64_t delta = count > 1 ? head.uvarint() : 0;
  // Two bits is the least that a sample takes: a lying count must not make us reserve much.
  if (head.failed() || count > 2 + head.left() * 4) fail_short();

  const size_t base = out.t.size();
  out.t.resize(base + count);
  out.v.resize(base + count);
  TimeMs* const times = out.t.data() + base;
  double* const values = out.v.data() + base;
  times[0] = static_cast<TimeMs>(first_time);
  values[0] = std::bit_cast<double>(value);

  BitReader bits(head.rest());
  uint64_t time = first_time;
  unsigned significant = 64;
  unsigned trail = 0;
  bool has_window = false;
  for (size_t i = 1; i < count; ++i) {
    bits.refill();
    if (i > 1) {
      const uint64_t window = bits.window();
      if (window >> 63 == 0) {
        bits.skip(1);
      } else {
        uint64_t dod;
        if (window >> 62 == 0b10) {
          dod = window << 2 >> 50;
          if (dod > 1u << 13) dod -= 1u << 14;
          bits.skip(16);
        } else if (window >> 61 == 0b110) {
          dod = window << 3 >> 47;
          if (dod > 1u << 16) dod -= 1u << 17;
          bits.skip(20);
        } else if (window >> 60 == 0b1110) {
          dod = window << 4 >> 44;
          if (dod > 1u << 19) dod -= 1u << 20;
          bits.skip(24);
        } else {
          bits.skip(4);
          dod = bits.read(64);
          bits.refill();
        }
        delta += dod;
      }
    }
    time += delta;
    times[i] = static_cast<TimeMs>(time);

    const uint64_t window = bits.window();  // 32 bits at least are true
    if (window >> 63 == 0) {
      bits.skip(1);
    } else {
      if (window >> 62 == 0b11) {
        const auto lead = static_cast<unsigned>(window << 2 >> 59);
        significant = static_cast<unsigned>(window << 7 >> 58);
        if (significant == 0) significant = 64;
        if (lead + significant > 64) {
          throw Error(ErrorKind::kCorrupt, "XOR chunk has a value of more than 64 bits");
        }
        trail = 64 - lead - significant;
        has_window = true;
        bits.skip(13);
      } else {
        bits.skip(2);
      }
      value ^= bits.read(significant) << trail;
    }
    values[i] = std::bit_cast<double>(value);
  }
  if (bits.overran()) fail_short();
  const uint64_t left = bits.left();
  XorEnd end{{static_cast<TimeMs>(time), value, delta, static_cast<uint32_t>(count)},
             bytes.size() - left / 8};
  end.state.bit = static_cast<uint8_t>((8 - left % 8) % 8);
  if (has_window) {
    end.state.lead = static_cast<uint8_t>(64 - trail - significant);
    end.state.trail = static_cast<uint8_t>(trail);
  }
  return end;
}

}  // namespace hearth::tsdb
