// A meta.json of any bytes is refused, or says the same when it is written and read again.
#include "core/error.h"
#include "tsdb/block_meta.h"

using namespace hearth;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tsdb::BlockMeta meta;
  try {
    meta = tsdb::parse_block_meta({reinterpret_cast<const char*>(data), size});
  } catch (const Error&) {
    return 0;
  }
  const std::string written = tsdb::block_meta_json(meta);
  if (tsdb::block_meta_json(tsdb::parse_block_meta(written)) != written) __builtin_trap();
  return 0;
}
