// What a write-ahead log has.
#pragma once

#include <string>
#include <vector>

#include "core/file.h"
#include "tsdb/wal_format.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {

// The payloads of the records of one type, in the log's order.
inline std::vector<std::string> log_records(const std::string& dir, RecordType type) {
  std::vector<std::string> found;
  for (const uint32_t segment : wal_segments(dir)) {
    const MappedFile file(wal_segment_path(dir, segment));
    WalReader reader(file.bytes());
    while (reader.next() == WalReader::Outcome::kRecord) {
      if (record_type(reader.record()) == type) found.emplace_back(reader.record());
    }
  }
  return found;
}

}  // namespace hearth::tsdb
