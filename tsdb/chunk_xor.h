// XOR chunks: Gorilla's compression of (time, value) pairs, bit for bit as Prometheus writes it.
// The bytes are drawn in docs/formats/chunks.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/storage.h"

namespace hearth::tsdb {

// What an encoder must know of the samples already in the chunk.
struct XorState {
  static constexpr uint8_t kNoWindow = 0xff;  // as `trail`: no value has differed yet

  TimeMs time = 0;
  uint64_t value = 0;  // bits of the double
  uint64_t delta = 0;
  uint32_t samples = 0;
  uint8_t lead = 0;  // zeros before and after the bits of a value's difference, at most 31 and 63
  uint8_t trail = kNoWindow;
  uint8_t bit = 0;  // bits taken of the byte at the chunk's end; 0: that byte is complete
};

inline constexpr size_t kXorHeaderBytes = 2;      // number of samples, big endian
inline constexpr size_t kMaxXorSampleBytes = 19;  // that one sample adds, as Prometheus reckons
inline constexpr size_t kXorSampleBuffer = 32;    // what encode_xor_sample() may touch
inline constexpr size_t kMaxXorSamples = 0xffff;

// Encodes one sample after those in `state`. `out` takes the chunk's bytes from the last, partly
// filled one on: out[0] must hold that byte when state.bit is not 0. Returns how many bytes of
// `out` belong to the chunk then, and moves `state` on. Requires: state.samples < kMaxXorSamples.
size_t encode_xor_sample(XorState& state, TimeMs t, uint64_t value, uint8_t* out);

// Builds a chunk of its own. One thread.
class XorEncoder {
 public:
  XorEncoder() { clear(); }
  void clear();
  void append(TimeMs t, double v);  // Requires: samples() < kMaxXorSamples
  // The next value that differs gets a window of bits of its own: the one so far may be too wide.
  void end_window() { state_.trail = XorState::kNoWindow; }
  uint32_t samples() const { return state_.samples; }
  std::string_view bytes() const { return bytes_; }

 private:
  XorState state_;
  std::string bytes_;
};

// Where the samples of a payload end: encode_xor_sample() goes on from there.
struct XorEnd {
  XorState state;
  size_t bytes = 0;
};

// Appends all samples of the payload to the columns' floats. Throws Error(kCorrupt).
XorEnd decode_xor(std::string_view bytes, Columns& out);

}  // namespace hearth::tsdb
