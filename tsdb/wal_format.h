// How records lie in the files of a write-ahead log (docs/formats/wal.md): segments of pages of
// 32 KiB, a record as one or more fragments, each within one page:
//   u8 type and compression | u16 length | u32 CRC-32C of the data | data
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tsdb/options.h"

namespace hearth::tsdb {

inline constexpr size_t kWalPageBytes = 32 << 10;
inline constexpr size_t kWalHeaderBytes = 7;
inline constexpr uint8_t kWalTypeMask = 0x07;
inline constexpr uint8_t kWalSnappyFlag = 0x08;
inline constexpr uint8_t kWalZstdFlag = 0x10;
enum class WalFragment : uint8_t { kPageEnd = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// A record as it goes into the log: perhaps compressed, then with the flag that says so.
struct WalRecord {
  std::string bytes;
  uint8_t flag = 0;
};

// Compressed where that makes it smaller.
WalRecord make_wal_record(std::string_view raw, WalCompression compression);
// The same, into the memory that `record` has.
void make_wal_record(std::string_view raw, WalCompression compression, WalRecord& record);

// "00000012" and the whole path.
std::string wal_segment_path(const std::string& dir, uint32_t segment);

// The numbers of the segments in `dir`, ascending.
std::vector<uint32_t> wal_segments(const std::string& dir);

}  // namespace hearth::tsdb
