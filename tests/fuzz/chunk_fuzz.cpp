// A chunk of any bytes decodes or is corrupt, whole and in part; what it decodes to is encoded anew and
// decodes to as many samples. The first byte selects the encoding.
#include <string_view>
#include <vector>

#include "core/error.h"
#include "tsdb/chunk_builder.h"

using namespace hearth;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto encoding = static_cast<tsdb::Encoding>(data[0] % 8);
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  Columns columns, part;
  try {
    tsdb::decode_chunk(encoding, bytes, {0, 1'000'000}, part);
    tsdb::decode_chunk(encoding, bytes, {}, columns);
  } catch (const Error&) {
    return 0;
  }
  const bool xor2 = (data[0] & 8) != 0;
  tsdb::ChunkBuilder builder({480, 4096}, xor2 ? tsdb::Encoding::kXor2 : tsdb::Encoding::kXor);
  std::vector<tsdb::ChunkView> chunks;
  builder.build(columns, chunks);
  Columns again;
  for (const tsdb::ChunkView& chunk : chunks)
    tsdb::decode_chunk(chunk.encoding, chunk.bytes, {}, again);
  if (again.t != columns.t || again.histogram_t != columns.histogram_t ||
      again.start_t != columns.start_t || again.histogram_start_t != columns.histogram_start_t ||
      again.histograms.size() != columns.histograms.size())
    __builtin_trap();
  return 0;
}
