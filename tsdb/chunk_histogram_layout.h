// Which buckets the histograms of a chunk have: what stands once at its head, and how a histogram
// with others is made to fit.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/histogram.h"
#include "tsdb/chunk_bits.h"

namespace hearth::tsdb {

using HistogramSpans = std::vector<HistogramSpan>;

// ---- bytes -------------------------------------------------------------------------------------

// Zero threshold, schema, spans and custom bounds.
void write_layout(BitBuffer& out, const FloatHistogram& histogram);
// The same; makes the buckets, all zero. Throws Error(kCorrupt), also for more buckets than the
// rest of the chunk, `bits_left`, can have: at least `bucket_bits` of each sample.
FloatHistogram read_layout(BitReader& in, size_t bits_left, size_t bucket_bits);

// ---- comparing one side ------------------------------------------------------------------------

// One side of a histogram. Requires: as many buckets as the spans say.
struct HistogramSide {
  std::span<const HistogramSpan> spans;
  std::span<const double> buckets;
};
inline HistogramSide positive_side(const FloatHistogram& h) {
  return {h.positive_spans, h.positive_buckets};
}
inline HistogramSide negative_side(const FloatHistogram& h) {
  return {h.negative_spans, h.negative_buckets};
}

struct LayoutChange {
  bool grows = false;  // buckets that were not there before
  bool lacks = false;  // buckets are missing that were there
};
LayoutChange compare_layouts(HistogramSide before, HistogramSide now);
// nullopt where a bucket counts less than before, or is missing and was not empty.
std::optional<LayoutChange> compare_counters(HistogramSide before, HistogramSide now);

// The buckets of both, in as few spans as possible.
HistogramSpans merged_spans(std::span<const HistogramSpan> a, std::span<const HistogramSpan> b);
// The counts of `side` in the buckets of `spans`, which has all of its; zero where it has none.
std::vector<double> widened(HistogramSide side, std::span<const HistogramSpan> spans);

}  // namespace hearth::tsdb
