// The marker records of Prometheus' wbl/ (docs/formats/wbl.md), which Hearth only reads.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {

using MmapMarkers = std::vector<std::pair<uint64_t, uint64_t>>;  // ref, chunk ref

inline std::string mmap_markers_record(const MmapMarkers& markers) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.u8(static_cast<uint8_t>(RecordType::kMmapMarkers));
  for (const auto& [ref, chunk_ref] : markers) {
    writer.be64(ref);
    writer.be64(chunk_ref);
  }
  return bytes;
}

}  // namespace hearth::tsdb
