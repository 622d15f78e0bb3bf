#include "tsdb/chunk_builder.h"

#include <algorithm>

namespace hearth::tsdb {

void ChunkBuilder::build(const Columns& columns, std::vector<ChunkView>& chunks) {
  const std::vector<TimeMs>& floats = columns.t;
  const std::vector<TimeMs>& histograms = columns.histogram_t;
  // Floats and histograms take turns where a series changed its nature, and so do their chunks.
  for (size_t f = 0, h = 0; f < floats.size() || h < histograms.size();) {
    size_t end = floats.size();
    if (h < histograms.size()) {
      const auto from = floats.begin() + static_cast<std::ptrdiff_t>(f);
      end =
          static_cast<size_t>(std::lower_bound(from, floats.end(), histograms[h]) - floats.begin());
    }
    if (f < end) build_floats(columns, f, end, chunks);
    f = end;

    end = histograms.size();
    if (f < floats.size()) {
      const auto from = histograms.begin() + static_cast<std::ptrdiff_t>(h);
      end = static_cast<size_t>(std::upper_bound(from, histograms.end(), floats[f]) -
                                histograms.begin());
    }
    if (h < end) build_histograms(columns, h, end, chunks);
    h = end;
  }
}

void ChunkBuilder::build_floats(const Columns& columns, size_t from, size_t to,
                                std::vector<ChunkView>& chunks) {
  const bool has_starts = !columns.start_t.empty();
  const Encoding encoding = has_starts ? Encoding::kXor2 : floats_;
  for (size_t i = from; i < to;) {
    const size_t first = i;
    std::string_view bytes;
    if (encoding == Encoding::kXor2) {
      xor2_.clear();
      do {
        xor2_.append(columns.t[i], columns.v[i], has_starts ? columns.start_t[i] : 0);
      } while (++i < to && !is_full(i - first, xor2_.bytes()));
      bytes = xor2_.bytes();
    } else {
      xor_.clear();
      do {
        xor_.append(columns.t[i], columns.v[i]);
      } while (++i < to && !is_full(i - first, xor_.bytes()));
      bytes = xor_.bytes();
    }
    chunks.push_back({columns.t[first], columns.t[i - 1], encoding, keep(bytes)});
  }
}

void ChunkBuilder::build_histograms(const Columns& columns, size_t from, size_t to,
                                    std::vector<ChunkView>& chunks) {
  const bool has_starts = !columns.histogram_start_t.empty();
  HistogramEncoder encoder(has_starts);
  const auto begin = [&](size_t i, const FloatHistogram* previous) {
    encoder.begin(columns.histogram_t[i], columns.histograms[i], previous,
                  has_starts ? columns.histogram_start_t[i] : 0);
  };
  const auto seal = [&] {
    chunks.push_back(
        {encoder.first_time(), encoder.last_time(), encoder.encoding(), keep(encoder.bytes())});
  };
  begin(from, nullptr);
  for (size_t i = from + 1; i < to; ++i) {
    const bool full = is_full(encoder.samples(), encoder.bytes());
    if (!full && encoder.append(columns.histogram_t[i], columns.histograms[i],
                                has_starts ? columns.histogram_start_t[i] : 0))
      continue;
    seal();
    begin(i, full ? nullptr : &encoder.last());
  }
  seal();
}

std::string_view ChunkBuilder::keep(std::string_view bytes) {
  if (used_ == payloads_.size()) payloads_.emplace_back();
  return payloads_[used_++].assign(bytes);
}

}  // namespace hearth::tsdb
