// A chunk of any bytes decodes or is corrupt; the first byte is its encoding.
#include <string_view>

#include "core/error.h"
#include "tsdb/chunk.h"

using namespace hearth;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Columns columns;
  try {
    tsdb::decode_chunk(static_cast<tsdb::Encoding>(data[0] % 8), {reinterpret_cast<const char*>(data + 1), size - 1},
                       TimeRange{}, columns);
  } catch (const Error&) {
  }
  return 0;
}
