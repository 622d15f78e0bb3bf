// The samples of one series, packed as they come: a reader of a log keeps those that it is asked
// for, and need not have them in the order of time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/storage.h"
#include "tsdb/chunk_histogram.h"
#include "tsdb/chunk_xor.h"
#include "tsdb/encoding.h"

namespace hearth::tsdb {

// Thread-safe for readers.
class PackedSamples {
 public:
  // Return how many bytes it holds more.
  size_t add(TimeMs t, double v);
  size_t add(TimeMs t, const FloatHistogram& histogram);

  bool empty() const { return packed_.empty() && open_ == Open::kNothing; }
  // Appends the samples in `range` to `out`, which has none, oldest first.
  void read(TimeRange range, Columns& out) const;

 private:
  enum class Open { kNothing, kFloats, kHistograms };
  struct Piece {
    TimeMs min, max;
    Encoding encoding;
    std::string bytes;
  };
  size_t seal();

  std::vector<Piece> packed_;
  Open open_ = Open::kNothing;
  TimeMs open_min_ = 0, open_max_ = 0;
  XorEncoder floats_;
  std::unique_ptr<HistogramEncoder> histograms_;
};

}  // namespace hearth::tsdb
