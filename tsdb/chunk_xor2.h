// XOR2 chunks: pairs of time and value under one prefix, and their start timestamps. Prometheus'
// encoding 4, which versions before 3.14 cannot read. The bytes are drawn in
// docs/formats/chunks.md.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/clock.h"
#include "core/storage.h"
#include "tsdb/chunk_bits.h"
#include "tsdb/chunk_start_times.h"

namespace hearth::tsdb {

inline constexpr size_t kXor2HeaderBytes = 3;

// Builds a chunk of its own. One thread.
class Xor2Encoder {
 public:
  void clear() { *this = Xor2Encoder(); }
  void append(TimeMs t, double v, TimeMs start = 0);  // Requires: samples() < 65535
  uint32_t samples() const { return samples_; }
  std::string_view bytes() const { return bits_.bytes(); }

 private:
  void write_step(int64_t dod, double v);
  void write_value(double v);

  BitBuffer bits_{kXor2HeaderBytes};
  uint32_t samples_ = 0;
  TimeMs time_ = 0;
  uint64_t delta_ = 0;
  double value_ = 0;  // the last that was no stale marker
  XorWindow window_;
  StartTimeWriter start_times_;
};

// Appends all samples of the payload to the columns' floats and their start times. Throws
// Error(kCorrupt).
void decode_xor2(std::string_view bytes, Columns& out);

}  // namespace hearth::tsdb
