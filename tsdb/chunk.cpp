#include "tsdb/chunk.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/error.h"
#include "tsdb/chunk_xor.h"

namespace hearth::tsdb {

size_t chunk_samples(Encoding encoding, std::string_view bytes) {
  (void)encoding;  // the number stands first in all of them
  if (bytes.size() < 2) {
    throw Error(ErrorKind::kCorrupt, "chunk of " + std::to_string(bytes.size()) +
                                         " bytes has no room for its number of samples");
  }
  return load_be16(bytes.data());
}

void decode_chunk(Encoding encoding, std::string_view bytes, TimeRange range, Columns& out) {
  if (encoding != Encoding::kXor) {
    const std::string number = std::to_string(static_cast<int>(encoding));
    // Prometheus' own, and no damage: it must not cost the block that it lies in.
    if (encoding > Encoding::kXor && encoding <= Encoding::kXor2)
      throw Error(ErrorKind::kExecution, "chunk encoding " + number +
                                             " (native histograms, XOR2) cannot be read by this "
                                             "version of Hearth");
    throw Error(ErrorKind::kCorrupt, "invalid chunk encoding " + number);
  }
  const size_t base = out.t.size();
  decode_xor(bytes, out);

  // Times of a chunk ascend; a damaged one may not, and then any cut is as good.
  const auto first = out.t.begin() + static_cast<std::ptrdiff_t>(base);
  const auto from = std::lower_bound(first, out.t.end(), range.min);
  const auto to = std::upper_bound(from, out.t.end(), range.max);
  const auto values = out.v.begin() + (from - out.t.begin());
  out.v.resize(static_cast<size_t>(to - out.t.begin()));
  out.t.erase(to, out.t.end());
  if (from != first) {
    out.v.erase(out.v.begin() + static_cast<std::ptrdiff_t>(base), values);
    out.t.erase(first, from);
  }
}

}  // namespace hearth::tsdb
