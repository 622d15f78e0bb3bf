#include "tsdb/wal_repair.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "tsdb/wal_format.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record_histogram.h"

namespace hearth::tsdb {
namespace {

// More of them miss than any mishap takes away: then a number is wrong, not the log.
constexpr uint32_t kLargestGap = 10'000;

}  // namespace

void require_readable(const MappedFile& segment, const std::string& path) {
  if (!segment.damaged()) return;
  throw Error(ErrorKind::kIo,
              fmt::format("read {}: Input/output error. The log is left as it is; look after "
                          "the disk, then start again",
                          path));
}

void check_record(std::string_view record) {
  switch (record_type(record)) {
    case RecordType::kSeries:
      read_series(record, [](uint64_t, LabelsView) {});
      break;
    case RecordType::kSamples:
    case RecordType::kSamplesV2:
      read_samples(record, [](uint64_t, TimeMs, double) {});
      break;
    case RecordType::kTombstones:
      read_tombstones(record, [](const TombstoneEntry&) {});
      break;
    case RecordType::kExemplars:
      read_exemplars(record, [](uint64_t, const Exemplar&) {});
      break;
    case RecordType::kMmapMarkers:
      read_mmap_markers(record, [](uint64_t, uint64_t) {});
      break;
    case RecordType::kMetadata:
      read_metadata(record, [](uint64_t, const Metadata&) {});
      break;
    case RecordType::kHistograms:
    case RecordType::kFloatHistograms:
    case RecordType::kCustomBucketHistograms:
    case RecordType::kCustomBucketFloatHistograms:
    case RecordType::kHistogramsV2:
    case RecordType::kFloatHistogramsV2:
      read_histograms(record, [](uint64_t, TimeMs, FloatHistogram&, TimeMs) {});
      break;
  }
}

std::string check_segment(std::string_view segment, uint64_t& good_bytes) {
  WalReader reader(segment);
  good_bytes = 0;
  for (;;) {
    const WalReader::Outcome outcome = reader.next();
    if (outcome == WalReader::Outcome::kEnd) return "";
    if (outcome == WalReader::Outcome::kCorrupt) return reader.error();
    try {
      check_record(reader.record());
    } catch (const Error& error) {
      return error.what();
    }
    good_bytes = reader.offset();
  }
}

std::optional<WalDamage> find_wal_damage(const std::string& dir, uint32_t first, uint32_t last) {
  for (const uint32_t segment : wal_segments(dir)) {
    if (segment < first || segment > last) continue;
    WalDamage damage{dir, segment, 0, ""};
    const std::string path = wal_segment_path(dir, segment);
    const MappedFile file(path);
    damage.what = check_segment(file.bytes(), damage.good_bytes);
    require_readable(file, path);
    if (!damage.what.empty()) return damage;
  }
  return std::nullopt;
}

void cut_wal(const WalDamage& damage, uint32_t last) {
  std::vector<uint32_t> segments = wal_segments(damage.dir);
  // The last one first: no gap comes to be, and no later record is read without those before it.
  std::reverse(segments.begin(), segments.end());
  for (const uint32_t segment : segments) {
    if (segment > damage.segment && segment <= last) {
      remove_file(wal_segment_path(damage.dir, segment));
    }
  }
  File file(wal_segment_path(damage.dir, damage.segment), File::Mode::kAppend);
  file.truncate(damage.good_bytes);
  file.sync();
}

std::vector<uint32_t> missing_wal_segments(const std::string& dir, std::optional<uint32_t> first) {
  std::vector<uint32_t> missing;
  std::optional<uint32_t> next = first;
  for (const uint32_t segment : wal_segments(dir)) {
    if (!next) next = segment;
    if (segment < *next) continue;
    if (segment - *next <= kLargestGap) {
      for (; *next < segment; ++*next) missing.push_back(*next);
    }
    next = segment + 1;
  }
  return missing;
}

void fill_wal_gaps(const std::string& dir, std::optional<uint32_t> first) {
  for (const uint32_t segment : missing_wal_segments(dir, first)) {
    File(wal_segment_path(dir, segment), File::Mode::kAppend).sync();
  }
}

}  // namespace hearth::tsdb
