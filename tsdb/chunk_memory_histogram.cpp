// The open chunks of histograms.
#include <algorithm>
#include <limits>

#include "tsdb/chunk_cut.h"
#include "tsdb/chunk_histogram.h"
#include "tsdb/chunk_memory.h"

namespace hearth::tsdb {

// Prometheus' rules for histograms: the size predicts the end, but there are some samples in each
// chunk, unless the range ends.
bool ChunkMemory::is_due(Series& series, TimeMs t, size_t bytes) const {
  const bool predicted = (series.flags & Series::kEndPredicted) != 0;
  if (!predicted && bytes >= kHistogramChunkBytes / 4) {
    const double ratio = static_cast<double>(kHistogramChunkBytes) / static_cast<double>(bytes);
    const TimeMs end = predicted_end(series.chunk_start, series.last_time,
                                     series.chunk_start + series.cut_after, ratio);
    series.cut_after = static_cast<uint32_t>(end - series.chunk_start);
    series.flags |= Series::kEndPredicted;
  }
  const uint64_t since_start = static_cast<uint64_t>(t) - static_cast<uint64_t>(series.chunk_start);
  if (since_start > std::numeric_limits<uint32_t>::max()) return true;
  const bool full = since_start >= series.cut_after || bytes >= 2 * kHistogramChunkBytes;
  return full && (series.samples >= kMinHistogramSamples ||
                  t >= range_end(series.chunk_start, chunk_range_));
}

bool ChunkMemory::append_histogram(Series& series, SeriesRef ref, TimeMs t,
                                   const FloatHistogram& histogram) {
  if (series.chunk != 0) seal(series, ref);
  SeriesExtra& extra = extras_.get_or_add(series);
  if (extra.histogram == nullptr) extra.histogram = std::make_unique<HistogramEncoder>();
  HistogramEncoder& encoder = *extra.histogram;

  const bool was_open = series.samples > 0;
  const bool begun =
      !was_open || is_due(series, t, encoder.bytes().size()) || !encoder.append(t, histogram);
  if (begun) {
    const FloatHistogram* const previous = was_open ? &encoder.last() : nullptr;
    if (was_open) add_sealed(series, ref, encoder.encoding(), encoder.bytes());
    encoder.begin(t, histogram, previous);
    set_border(series, t);
    series.flags &= static_cast<uint8_t>(~Series::kEndPredicted);
    series.flags |= Series::kHistogram;
  }
  series.samples = static_cast<uint16_t>(encoder.samples());
  series.last_time = t;
  return begun;
}

// Cutting anew could cut elsewhere: the layout is the chunk's last one, and so are the sizes.
bool ChunkMemory::restore_histograms(Series& series, const Columns& columns) {
  if (columns.histogram_t.empty()) return true;
  SeriesExtra& extra = extras_.get_or_add(series);
  extra.histogram = std::make_unique<HistogramEncoder>();
  for (size_t i = 0; i < columns.histogram_t.size(); ++i) {
    const TimeMs t = columns.histogram_t[i];
    if (i == 0) {
      extra.histogram->begin(t, columns.histograms[0], nullptr);
      set_border(series, t);
      series.flags &= static_cast<uint8_t>(~Series::kEndPredicted);
      series.flags |= Series::kHistogram;
    } else if (!extra.histogram->append(t, columns.histograms[i])) {
      return false;
    }
    series.samples = static_cast<uint16_t>(extra.histogram->samples());
    series.last_time = t;
    (void)is_due(series, t, extra.histogram->bytes().size());  // predicts the end
  }
  return true;
}

const FloatHistogram* ChunkMemory::last_histogram(const Series& series) const {
  if (series.samples == 0 || series.chunk != 0) return nullptr;
  return &extras_.find(series)->histogram->last();
}

}  // namespace hearth::tsdb
