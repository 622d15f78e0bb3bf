#include "tsdb/chunk_builder.h"

#include <algorithm>

#include "core/error.h"

namespace hearth::tsdb {

void ChunkBuilder::build(const Columns& columns, std::vector<ChunkView>& chunks) {
  if (!columns.histogram_t.empty())
    throw Error(ErrorKind::kExecution,
                "chunks of native histograms that overlap or are partly "
                "deleted cannot be compacted");
  for (size_t start = 0; start < columns.t.size(); start += kSamplesPerChunk) {
    const size_t end = std::min<size_t>(start + kSamplesPerChunk, columns.t.size());
    if (used_ == encoders_.size()) encoders_.emplace_back();
    XorEncoder& encoder = encoders_[used_++];
    encoder.clear();
    for (size_t i = start; i < end; ++i) encoder.append(columns.t[i], columns.v[i]);
    chunks.push_back({columns.t[start], columns.t[end - 1], Encoding::kXor, encoder.bytes()});
  }
}

}  // namespace hearth::tsdb
