// Chunks of native histograms: encodings 2 and 3, and 5 and 6 with start timestamps, bit for bit as
// Prometheus writes them. The bytes are drawn in docs/formats/chunks.md.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/histogram.h"
#include "core/storage.h"
#include "tsdb/chunk_bits.h"
#include "tsdb/chunk_start_times.h"
#include "tsdb/encoding.h"

namespace hearth::tsdb {

inline constexpr size_t kHistogramHeaderBytes = 3;
inline constexpr uint32_t kMaxHistogramSamples = 0xffff;
inline constexpr uint32_t kMaxHistogramStSamples = 0x3fff;  // with start times

// Builds one chunk: of integers where the counts are whole numbers (FloatHistogram::integer), else
// of floats. Requires of each histogram: as many buckets as its spans say. One thread.
class HistogramEncoder {
 public:
  explicit HistogramEncoder(bool with_start_times = false) : with_start_times_(with_start_times) {}

  // Begins a new chunk with `h`. `previous` is the series' histogram before it, which decides on
  // the chunk's counter reset header; nullptr: there is none, or it is not known. `start` is kept
  // in chunks with start times only.
  void begin(TimeMs t, const FloatHistogram& h, const FloatHistogram* previous, TimeMs start = 0);

  // False when `h` needs a chunk of its own: after a counter reset, for another schema, zero
  // threshold, custom bounds, gauge or integer nature, after a stale marker, or because the chunk
  // is full. Then nothing has changed. Buckets that are new widen the chunk's layout; what is in it
  // is encoded anew. Requires: begin(); t later than last_time().
  bool append(TimeMs t, const FloatHistogram& h, TimeMs start = 0);

  uint32_t samples() const { return samples_; }
  Encoding encoding() const;
  std::string_view bytes() const { return bits_.bytes(); }  // complete; valid until the next change
  TimeMs first_time() const { return first_time_; }
  TimeMs last_time() const { return last_time_; }
  // In the chunk's layout. A gauge's hint is kGauge, also of a stale marker.
  const FloatHistogram& last() const { return last_; }

 private:
  enum class Header : uint8_t { kUnknown = 0x00, kNotReset = 0x40, kReset = 0x80, kGauge = 0xc0 };

  void clear(Header header);
  void write_first(TimeMs t, const FloatHistogram& h, TimeMs start);
  void write_next(TimeMs t, const FloatHistogram& h, TimeMs start);
  void write_whole_counts(const FloatHistogram& h);
  void write_float_counts(const FloatHistogram& h);
  void write_whole_buckets(const std::vector<double>& before, const std::vector<double>& now,
                           int64_t* deltas);
  void finish_sample(TimeMs t, const FloatHistogram& h, TimeMs start);
  void recode(const std::vector<HistogramSpan>& positive,
              const std::vector<HistogramSpan>& negative);

  bool with_start_times_;
  Header header_ = Header::kUnknown;
  uint32_t samples_ = 0;
  TimeMs first_time_ = 0;
  TimeMs last_time_ = 0;
  int64_t time_delta_ = 0;
  FloatHistogram last_;
  BitBuffer bits_;

  XorWindow sum_window_;
  // Of whole counts: how much each grew last, buckets (positive, then negative) as differences to
  // the bucket before.
  int64_t count_delta_ = 0, zero_count_delta_ = 0;
  std::vector<int64_t> bucket_deltas_;
  // Of float counts.
  XorWindow count_window_, zero_count_window_;
  std::vector<XorWindow> bucket_windows_;
  StartTimeWriter start_times_;
};

// Appends the histograms with times in the range to the columns. Throws Error(kCorrupt), and
// Error(kExecution) for histograms that are intact but mean nothing to this version. Requires: an
// encoding of histograms.
void decode_histograms(Encoding encoding, std::string_view bytes, TimeRange range, Columns& out);

}  // namespace hearth::tsdb
