// Chunks of native histograms: encodings 2 to 3, bit for bit as Prometheus writes them. The bytes are
// drawn in docs/formats/chunks.md.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/clock.h"
#include "core/histogram.h"
#include "tsdb/encoding.h"

namespace hearth::tsdb {

// Builds one chunk: of encoding kHistogram where the counts are whole numbers (FloatHistogram::integer),
// else kFloatHistogram. One thread.
class HistogramEncoder {
 public:
  // Begins a new chunk with `h`. `previous` is the series' histogram before it, which decides on the
  // chunk's counter reset header; nullptr: there is none, or it is not known.
  void begin(TimeMs t, const FloatHistogram& h, const FloatHistogram* previous);

  // False when `h` needs a chunk of its own: after a counter reset, for another schema, zero threshold,
  // custom bounds, gauge or integer nature. Then nothing has changed. Buckets that are new widen the
  // chunk's layout; what is in it is encoded anew. Requires: begin(); t later than last_time().
  bool append(TimeMs t, const FloatHistogram& h);

  uint32_t samples() const;
  Encoding encoding() const;
  std::string_view bytes() const;  // the payload so far, complete; valid until the next change
  TimeMs first_time() const;
  TimeMs last_time() const;
  const FloatHistogram& last() const;
};

}  // namespace hearth::tsdb
