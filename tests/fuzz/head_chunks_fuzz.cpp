// A file of chunks_head of any bytes gives chunks until it ends or is corrupt; chunks decode or are corrupt.
#include "core/error.h"
#include "tsdb/chunk.h"
#include "tsdb/head_chunk_file.h"

using namespace hearth;
using namespace hearth::tsdb;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  (void)is_unfinished_head_chunk_file(file);
  HeadChunkFileReader reader(file);
  Columns columns;
  while (reader.next() == HeadChunkFileReader::Outcome::kChunk) {
    const HeadChunk again = read_head_chunk(file, reader.offset());
    if (again.bytes != reader.chunk().bytes || again.series != reader.chunk().series) __builtin_trap();
    try {
      decode_chunk(again.encoding, again.bytes, TimeRange{}, columns);
    } catch (const Error&) {
    }
  }
  if (size > 8) {
    try {
      (void)read_head_chunk(file, data[0] * 31u % (size + 8));
    } catch (const Error&) {
    }
  }
  return 0;
}
