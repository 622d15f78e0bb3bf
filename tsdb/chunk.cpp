#include "tsdb/chunk.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/error.h"
#include "core/histogram_math.h"
#include "tsdb/chunk_histogram.h"
#include "tsdb/chunk_xor.h"
#include "tsdb/chunk_xor2.h"

namespace hearth::tsdb {
namespace {

// Finer schemas are reserved for later: such histograms are read at less resolution.
void reduce_to_known_schema(FloatHistogram& h) {
  constexpr int32_t kMaxSchema = 8, kMaxSteps = 31;
  while (h.schema > kMaxSchema) reduce_resolution(h, std::max(kMaxSchema, h.schema - kMaxSteps));
}

// Of the floats from `base` on, leaves those in the range.
void cut_floats(size_t base, TimeRange range, Columns& out) {
  // Times of a chunk ascend; a damaged one may not, and then any cut is as good.
  const auto first = out.t.begin() + static_cast<std::ptrdiff_t>(base);
  const auto from = std::lower_bound(first, out.t.end(), range.min);
  const auto to = std::upper_bound(from, out.t.end(), range.max);
  const auto skipped = from - first;
  const auto end = to - out.t.begin();
  const auto cut = [&](auto& values) {
    values.resize(static_cast<size_t>(end));
    const auto start = values.begin() + static_cast<std::ptrdiff_t>(base);
    if (skipped != 0) values.erase(start, start + skipped);
  };
  cut(out.t);
  cut(out.v);
  if (!out.start_t.empty()) cut(out.start_t);
}

}  // namespace

size_t chunk_samples(Encoding encoding, std::string_view bytes) {
  // The number stands first in all of them.
  if (bytes.size() < 2) {
    throw Error(ErrorKind::kCorrupt, "chunk of " + std::to_string(bytes.size()) +
                                         " bytes has no room for its number of samples");
  }
  const size_t count = load_be16(bytes.data());
  return holds_start_times_of_histograms(encoding) ? count & kMaxHistogramStSamples : count;
}

void decode_chunk(Encoding encoding, std::string_view bytes, TimeRange range, Columns& out) {
  const size_t base = out.t.size();
  const size_t histogram_base = out.histograms.size();
  switch (encoding) {
    case Encoding::kXor:
      decode_xor(bytes, out);
      if (!out.start_t.empty()) out.start_t.resize(out.t.size());
      return cut_floats(base, range, out);
    case Encoding::kXor2:
      decode_xor2(bytes, out);
      return cut_floats(base, range, out);
    case Encoding::kHistogram:
    case Encoding::kFloatHistogram:
    case Encoding::kHistogramSt:
    case Encoding::kFloatHistogramSt:
      decode_histograms(encoding, bytes, range, out);
      for (size_t i = histogram_base; i < out.histograms.size(); ++i)
        reduce_to_known_schema(out.histograms[i]);
      return;
    case Encoding::kNone:
      break;
  }
  throw Error(ErrorKind::kCorrupt,
              "invalid chunk encoding " + std::to_string(static_cast<int>(encoding)));
}

}  // namespace hearth::tsdb
