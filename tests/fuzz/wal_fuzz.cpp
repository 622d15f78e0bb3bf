// A segment of any bytes gives records until it ends or is corrupt; records of any bytes decode or are refused.
#include <string_view>

#include "core/error.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_repair.h"

using namespace hearth;

namespace {

void decode(std::string_view record) {
  try {
    tsdb::check_record(record);
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  decode(bytes);
  tsdb::WalReader reader(bytes);
  while (reader.next() == tsdb::WalReader::Outcome::kRecord) decode(reader.record());
  return 0;
}
