// XOR chunks of any bytes that are decoded together give what they give one after another, or are left to
// that. Each begins with a byte that is its length.
#include <algorithm>
#include <bit>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "tsdb/chunk_xor_run.h"

using namespace hearth;
using namespace hearth::tsdb;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<ChunkView> chunks;
  while (bytes.size() > 2 && chunks.size() < 20) {
    const size_t length = std::min<size_t>(static_cast<uint8_t>(bytes[0]), bytes.size() - 1);
    const auto at = static_cast<TimeMs>(chunks.size());
    chunks.push_back({at, at, Encoding::kXor, bytes.substr(1, length)});
    bytes.remove_prefix(1 + length);
  }
  Columns together, singly;
  if (!decode_xor_run(chunks, {}, together)) return 0;
  try {
    for (const ChunkView& chunk : chunks) decode_chunk(chunk.encoding, chunk.bytes, {}, singly);
  } catch (const Error&) {
    __builtin_trap();
  }
  if (!std::is_sorted(singly.t.begin(), singly.t.end())) return 0;  // then a cut may differ
  const auto same = [](double a, double b) {
    return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
  };
  if (together.t != singly.t ||
      !std::equal(together.v.begin(), together.v.end(), singly.v.begin(), singly.v.end(), same)) {
    __builtin_trap();
  }
  return 0;
}
