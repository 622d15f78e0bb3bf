#include "tsdb/checkpoint.h"

#include <fmt/format.h>

#include <charconv>
#include <map>

#include "core/file.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_writer.h"

namespace hearth::tsdb {
namespace {

constexpr std::string_view kPrefix = "checkpoint.";
constexpr std::string_view kUnfinished = ".tmp";
constexpr size_t kFlushBytes = 1 << 20;

std::optional<uint32_t> checkpoint_number(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const std::string_view digits = name.substr(kPrefix.size());
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// Copies what is kept, record by record. One thread.
class Filter {
 public:
  Filter(WalWriter& writer, const std::function<bool(uint64_t)>& keep, TimeMs min_time,
         WalCompression compression)
      : writer_(writer), keep_(keep), min_time_(min_time), compression_(compression) {}

  void segment(const std::string& path) {
    const MappedFile file(path);
    WalReader reader(file.bytes());
    WalReader::Outcome outcome;
    while ((outcome = reader.next()) == WalReader::Outcome::kRecord) record(reader.record());
    if (outcome == WalReader::Outcome::kCorrupt) {
      throw Error(ErrorKind::kCorrupt, "checkpoint: " + path + ": " + reader.error());
    }
  }
  void finish() {
    MetadataRecord record;
    for (const auto& [ref, metadata] : metadata_) record.add(ref, metadata);
    if (!record.empty()) write(record.take());
    writer_.close();
  }

 private:
  void record(std::string_view bytes) {
    switch (record_type(bytes)) {
      case RecordType::kSeries: {
        SeriesRecord kept;
        read_series(bytes, [&](uint64_t ref, LabelsView labels) {
          if (keep_(ref)) kept.add(ref, labels);
        });
        if (!kept.empty()) write(kept.take());
        break;
      }
      case RecordType::kSamples: {
        SamplesRecord kept;
        kept.reserve(bytes.size() / kLeastSampleBytes);
        read_samples(bytes, [&](uint64_t ref, TimeMs t, double v) {
          if (t >= min_time_) kept.add(ref, t, v);
        });
        if (!kept.empty()) write(kept.take());
        break;
      }
      case RecordType::kTombstones: {
        std::string kept;
        read_tombstones(bytes, [&](const TombstoneEntry& tombstone) {
          if (tombstone.max >= min_time_) append_tombstone(kept, tombstone);
        });
        if (!kept.empty()) write(std::move(kept));
        break;
      }
      case RecordType::kMetadata:
        read_metadata(bytes, [&](uint64_t ref, const Metadata& metadata) {
          if (keep_(ref)) metadata_[ref] = metadata;
        });
        break;
      case RecordType::kExemplars:
      case RecordType::kHistograms:
      case RecordType::kFloatHistograms:
      case RecordType::kCustomBucketHistograms:
      case RecordType::kCustomBucketFloatHistograms:
        // Kept whole: entries stand within a day of the record's base time.
        if (base_time(bytes) >= min_time_ - kDay) write(std::string(bytes));
        break;
      default:
        break;
    }
  }
  void write(std::string raw) {
    pending_ += raw.size();
    writer_.add(make_wal_record(std::move(raw), compression_));
    if (pending_ < kFlushBytes) return;
    writer_.flush();
    pending_ = 0;
  }

  static constexpr size_t kLeastSampleBytes = 10;
  static constexpr DurationMs kDay = 24LL * 3'600'000;
  WalWriter& writer_;
  const std::function<bool(uint64_t)>& keep_;
  const TimeMs min_time_;
  const WalCompression compression_;
  std::map<uint64_t, Metadata> metadata_;
  size_t pending_ = 0;
};

}  // namespace

std::optional<Checkpoint> latest_checkpoint(const std::string& wal_dir) {
  std::optional<Checkpoint> latest;
  for (const std::string& name : list_dir(wal_dir)) {
    const std::optional<uint32_t> number = checkpoint_number(name);
    if (number && (!latest || *number >= latest->segment)) latest = {wal_dir + "/" + name, *number};
  }
  return latest;
}

void write_checkpoint(const std::string& wal_dir, uint32_t last,
                      const std::function<bool(uint64_t)>& keep, TimeMs min_time,
                      const Options& options) {
  const std::string final_path = fmt::format("{}/{}{:08d}", wal_dir, kPrefix, last);
  const std::string path = final_path + std::string(kUnfinished);
  remove_all(path);
  make_dirs(path);
  WalWriter writer(path, 0, options.wal_segment_bytes);
  Filter filter(writer, keep, min_time, options.wal_compression);
  const std::optional<Checkpoint> before = latest_checkpoint(wal_dir);
  if (before) {
    for (const uint32_t segment : wal_segments(before->path)) {
      filter.segment(wal_segment_path(before->path, segment));
    }
  }
  for (const uint32_t segment : wal_segments(wal_dir)) {
    if (segment > last || (before && segment <= before->segment)) continue;
    filter.segment(wal_segment_path(wal_dir, segment));
  }
  filter.finish();
  publish_dir(path, final_path);
}

void remove_old_checkpoints(const std::string& wal_dir, uint32_t segment) {
  for (const std::string& name : list_dir(wal_dir)) {
    const std::optional<uint32_t> number = checkpoint_number(name);
    const bool unfinished = name.starts_with(kPrefix) && name.ends_with(kUnfinished);
    if (unfinished || (number && *number < segment)) remove_all(wal_dir + "/" + name);
  }
}

}  // namespace hearth::tsdb
