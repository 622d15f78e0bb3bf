#include "tsdb/packed_samples.h"

#include <algorithm>

#include "tsdb/chunk.h"
#include "tsdb/merge.h"

namespace hearth::tsdb {
namespace {

constexpr uint32_t kPieceSamples = 240;

}  // namespace

size_t PackedSamples::seal() {
  if (open_ == Open::kNothing) return 0;
  const bool floats = open_ == Open::kFloats;
  packed_.push_back({open_min_, open_max_, floats ? Encoding::kXor : histograms_->encoding(),
                     std::string(floats ? floats_.bytes() : histograms_->bytes())});
  open_ = Open::kNothing;
  return sizeof(Piece) + packed_.back().bytes.size();
}

size_t PackedSamples::add(TimeMs t, double v) {
  size_t more = 0;
  if (open_ != Open::kFloats || t <= open_max_ || floats_.samples() == kPieceSamples) {
    more = seal();
    open_ = Open::kFloats;
    open_min_ = t;
    floats_.clear();
  }
  floats_.append(t, v);
  open_max_ = t;
  return more;
}

size_t PackedSamples::add(TimeMs t, const FloatHistogram& histogram) {
  const bool open = open_ == Open::kHistograms && t > open_max_;
  const bool full = open && histograms_->samples() == kPieceSamples;
  if (open && !full && histograms_->append(t, histogram)) {
    open_max_ = t;
    return 0;
  }
  const size_t more = seal();
  if (histograms_ == nullptr) histograms_ = std::make_unique<HistogramEncoder>();
  const FloatHistogram previous = open && !full ? histograms_->last() : FloatHistogram();
  histograms_->begin(t, histogram, open && !full ? &previous : nullptr);
  open_ = Open::kHistograms;
  open_min_ = open_max_ = t;
  return more;
}

void PackedSamples::read(TimeRange range, Columns& out) const {
  std::vector<ChunkView> pieces;
  for (const Piece& piece : packed_)
    pieces.push_back({piece.min, piece.max, piece.encoding, piece.bytes});
  if (open_ == Open::kFloats)
    pieces.push_back({open_min_, open_max_, Encoding::kXor, floats_.bytes()});
  if (open_ == Open::kHistograms)
    pieces.push_back({open_min_, open_max_, histograms_->encoding(), histograms_->bytes()});
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const ChunkView& a, const ChunkView& b) { return a.min_time < b.min_time; });

  bool any = false;
  TimeMs max = 0;
  Columns more;
  for (const ChunkView& piece : pieces) {
    if (!range.overlaps({piece.min_time, piece.max_time})) continue;
    if (!any || piece.min_time > max) {
      decode_chunk(piece.encoding, piece.bytes, range, out);
    } else {
      more.clear();
      decode_chunk(piece.encoding, piece.bytes, range, more);
      merge_columns(out, more);
    }
    max = any ? std::max(max, piece.max_time) : piece.max_time;
    any = true;
  }
}

}  // namespace hearth::tsdb
