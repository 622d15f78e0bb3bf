#include "tsdb/checkpoint.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record_histogram.h"
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

// The newest metadata of each series. Series share their texts, so that many series cost little.
// One thread.
class LatestMetadata {
 public:
  void set(uint64_t ref, const Metadata& metadata) {
    const std::string key =
        fmt::format("{}\n{}\n{}", static_cast<int>(metadata.type), metadata.unit, metadata.help);
    const auto [known, is_new] = known_.try_emplace(key, texts_.size());
    if (is_new) texts_.push_back(metadata);
    latest_[ref] = known->second;
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [ref, text] : latest_) visit(ref, texts_[text]);
  }

 private:
  std::vector<Metadata> texts_;
  std::unordered_map<std::string, size_t> known_;  // places in texts_
  std::map<uint64_t, size_t> latest_;              // likewise
};

// Copies what is kept, entry by entry. One thread.
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
    metadata_.for_each([&](uint64_t ref, const Metadata& metadata) {
      record.add(ref, metadata);
      if (record.size() >= kFlushBytes) write(record.take());
    });
    if (!record.empty()) write(record.take());
    writer_.close();
  }

 private:
  void record(std::string_view bytes);
  void samples(std::string_view bytes);
  void samples_with_start(std::string_view bytes);
  void histograms(std::string_view bytes, EntryForm form);
  void write(std::string raw) {
    pending_ += raw.size();
    writer_.add(make_wal_record(raw, compression_));
    if (pending_ < kFlushBytes) return;
    writer_.flush();
    pending_ = 0;
  }

  WalWriter& writer_;
  const std::function<bool(uint64_t)>& keep_;
  const TimeMs min_time_;
  const WalCompression compression_;
  LatestMetadata metadata_;
  size_t pending_ = 0;
};

void Filter::record(std::string_view bytes) {
  switch (record_type(bytes)) {
    case RecordType::kSeries: {
      SeriesRecord kept;
      read_series(bytes, [&](uint64_t ref, LabelsView labels) {
        if (keep_(ref)) kept.add(ref, labels);
      });
      if (!kept.empty()) write(kept.take());
      break;
    }
    case RecordType::kSamples:
      samples(bytes);
      break;
    case RecordType::kSamplesV2:
      samples_with_start(bytes);
      break;
    case RecordType::kTombstones: {
      std::string kept;
      read_tombstones(bytes, [&](const TombstoneEntry& tombstone) {
        if (tombstone.max >= min_time_) append_tombstone(kept, tombstone);
      });
      if (!kept.empty()) write(std::move(kept));
      break;
    }
    case RecordType::kExemplars: {
      ExemplarsRecord kept;
      read_exemplars(bytes, [&](uint64_t ref, const Exemplar& exemplar) {
        if (exemplar.t >= min_time_) kept.add(ref, exemplar);
      });
      if (!kept.empty()) write(kept.take());
      break;
    }
    case RecordType::kMetadata:
      read_metadata(bytes, [&](uint64_t ref, const Metadata& metadata) {
        if (keep_(ref)) metadata_.set(ref, metadata);
      });
      break;
    case RecordType::kHistograms:
    case RecordType::kFloatHistograms:
    case RecordType::kCustomBucketHistograms:
    case RecordType::kCustomBucketFloatHistograms:
      histograms(bytes, EntryForm::kPlain);
      break;
    case RecordType::kHistogramsV2:
    case RecordType::kFloatHistogramsV2:
      histograms(bytes, EntryForm::kStarted);
      break;
    default:
      break;  // as Prometheus: what is not known does not go on
  }
}

void Filter::samples(std::string_view bytes) {
  constexpr size_t kLeastSampleBytes = 10;
  SamplesRecord kept;
  kept.reserve(bytes.size() / kLeastSampleBytes);
  bool all = true;
  read_samples(bytes, [&](uint64_t ref, TimeMs t, double v) {
    if (t >= min_time_) {
      kept.add(ref, t, v);
    } else {
      all = false;
    }
  });
  if (!kept.empty()) write(all ? std::string(bytes) : kept.take());
}

void Filter::samples_with_start(std::string_view bytes) {
  SamplesV2Record kept;
  read_samples(bytes, [&](uint64_t ref, TimeMs t, double v, TimeMs start) {
    if (t >= min_time_) kept.add(ref, t, v, start);
  });
  if (!kept.empty()) write(kept.take());
}

void Filter::histograms(std::string_view bytes, EntryForm form) {
  HistogramsRecord kept(form);
  read_histograms(bytes, [&](uint64_t ref, TimeMs t, FloatHistogram& histogram, TimeMs start) {
    if (t >= min_time_) kept.add(ref, t, histogram, start);
  });
  for (std::string& record : kept.take()) write(std::move(record));
}

}  // namespace

std::optional<Checkpoint> latest_checkpoint(const std::string& wal_dir) {
  std::optional<Checkpoint> latest;
  for (const std::string& name : list_dir(wal_dir)) {
    const std::optional<uint32_t> number = checkpoint_number(name);
    if (!number || (latest && *number < latest->segment)) continue;
    if (const std::string path = wal_dir + "/" + name; is_directory(path)) latest = {path, *number};
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
  try {
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
  } catch (...) {
    guard("remove an unfinished checkpoint", [&] { remove_all(path); });
    throw;
  }
}

void remove_old_checkpoints(const std::string& wal_dir, uint32_t segment) {
  for (const std::string& name : list_dir(wal_dir)) {
    const std::optional<uint32_t> number = checkpoint_number(name);
    const bool unfinished = name.starts_with(kPrefix) && name.ends_with(kUnfinished);
    if (unfinished || (number && *number < segment)) remove_all(wal_dir + "/" + name);
  }
}

}  // namespace hearth::tsdb
