// A segment of any bytes gives records until it ends or is corrupt, and the records decode or are refused.
#include <string_view>

#include "core/error.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_repair.h"

using namespace hearth;

namespace {

// Of long ones, which a few compressed bytes make, only so much: wal_record_fuzz knows the rest.
constexpr size_t kLongRecord = 4096;

void decode(std::string_view record) {
  try {
    tsdb::check_record(record.substr(0, kLongRecord));
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  tsdb::WalReader reader(bytes);
  while (reader.next() == tsdb::WalReader::Outcome::kRecord) decode(reader.record());
  return 0;
}
