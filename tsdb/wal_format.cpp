#include "tsdb/wal_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/compress.h"
#include "core/file.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_samples_snappy.h"

namespace hearth::tsdb {

namespace {

constexpr uint32_t kLargestSegment = 0x7fffffff;

std::string segment_name(uint32_t segment) { return fmt::format("{:08d}", segment); }

}  // namespace

WalRecord make_wal_record(std::string_view raw, WalCompression compression) {
  WalRecord record;
  make_wal_record(raw, compression, record);
  return record;
}

void make_wal_record(std::string_view raw, WalCompression compression, WalRecord& record) {
  record.flag = 0;
  if (compression == WalCompression::kSnappy) {
    if (record_type(raw) == RecordType::kSamples) {
      snappy_compress_samples(raw, record.bytes);
    } else {
      snappy_compress(raw, record.bytes);
    }
    record.flag = kWalSnappyFlag;
  } else if (compression == WalCompression::kZstd) {
    zstd_compress(raw, record.bytes);
    record.flag = kWalZstdFlag;
  }
  if (record.flag != 0 && record.bytes.size() < raw.size()) return;
  record.flag = 0;
  record.bytes = raw;
}

std::string wal_segment_path(const std::string& dir, uint32_t segment) {
  return dir + "/" + segment_name(segment);
}

std::vector<uint32_t> wal_segments(const std::string& dir) {
  std::vector<uint32_t> segments;
  for (const std::string& name : list_dir(dir)) {
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    // A number so large, or written in another way, is nobody's segment.
    if (error == std::errc() && number <= kLargestSegment && name == segment_name(number)) {
      segments.push_back(number);
    }
  }
  std::sort(segments.begin(), segments.end());
  return segments;
}

}  // namespace hearth::tsdb
