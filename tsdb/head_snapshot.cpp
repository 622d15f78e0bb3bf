#include "tsdb/head_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/bytes.h"
#include "core/error.h"
#include "core/file.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_record_histogram.h"

namespace hearth::tsdb {
namespace {

constexpr std::string_view kPrefix = "chunk_snapshot.";
constexpr std::string_view kUnfinished = ".tmp";
constexpr const char* kMetadata = "/metadata";  // ours: Prometheus has no place for it, and looks over it
constexpr size_t kSegmentBytes = 16 << 20;  // small, so that several threads can read
constexpr size_t kFlushBytes = 1 << 20;
constexpr size_t kOldSampleBytes = 3 * 16 + 8;  // room of older versions, 0 today
constexpr uint8_t kTombstonesVersion = 1;
constexpr size_t kLongestText = 0xffffff;

std::optional<HeadSnapshot> parse_name(const std::string& dir, std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const char* const end = name.data() + name.size();
  HeadSnapshot snapshot{dir + "/" + std::string(name), 0, 0};
  const auto [dot, error] = std::from_chars(name.data() + kPrefix.size(), end, snapshot.segment);
  if (error != std::errc() || dot == end || *dot != '.') return std::nullopt;
  const auto [stop, offset_error] = std::from_chars(dot + 1, end, snapshot.offset);
  if (offset_error != std::errc() || stop != end) return std::nullopt;
  return snapshot;
}

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorKind::kCorrupt, "memory snapshot: " + what);
}

bool is_histogram(Encoding encoding) { return !holds_floats(encoding); }

void read_labels(ByteReader& reader, std::string& flat) {
  flat.clear();
  std::string_view before;
  const uint64_t count = reader.uvarint();
  for (uint64_t i = 0; i < count && !reader.failed(); ++i) {
    const std::string_view name = reader.uvarint_string();
    const std::string_view value = reader.uvarint_string();
    const bool sorted = i == 0 || before < name;
    if (!sorted || value.empty() || std::max(name.size(), value.size()) > kLongestText) {
      return reader.fail();
    }
    append_flat_label(flat, name, value);
    before = name;
  }
  if (flat.empty()) reader.fail();
}

void read_segment(const std::string& path,
                  const std::function<void(std::string_view record)>& visit) {
  const MappedFile file(path);
  WalReader reader(file.bytes());
  for (;;) {
    switch (reader.next()) {
      case WalReader::Outcome::kEnd:
        return;
      case WalReader::Outcome::kCorrupt:
        fail(fmt::format("{} at {}: {}", path, reader.offset(), reader.error()));
      case WalReader::Outcome::kRecord:
        visit(reader.record());
    }
  }
}

}  // namespace

std::optional<HeadSnapshot> latest_head_snapshot(const std::string& dir) {
  std::optional<HeadSnapshot> latest;
  for (const std::string& name : list_dir(dir)) {
    std::optional<HeadSnapshot> found = parse_name(dir, name);
    if (!found || !is_directory(found->path)) continue;
    if (!latest ||
        std::pair(latest->segment, latest->offset) < std::pair(found->segment, found->offset)) {
      latest = std::move(found);
    }
  }
  return latest;
}

void remove_head_snapshots(const std::string& dir, const HeadSnapshot* except) {
  for (const std::string& name : list_dir(dir)) {
    std::string_view base = name;
    if (base.ends_with(kUnfinished)) base.remove_suffix(kUnfinished.size());
    if (!parse_name(dir, base)) continue;
    const std::string path = dir + "/" + name;
    if (except == nullptr || path != except->path) remove_all(path);
  }
}

// ---- records -----------------------------------------------------------------------------------

std::string encode_snapshot_series(const SnapshotSeries& series) {
  // Up to the labels it is like a series record of the log.
  SeriesRecord begin;
  begin.add(series.ref, LabelsView(series.labels));
  std::string record = begin.take();
  ByteWriter writer(record);
  writer.be64(0);
  writer.uvarint(series.has_chunk ? 1 : 0);
  if (!series.has_chunk) return record;
  writer.be64(static_cast<uint64_t>(series.min_time));
  writer.be64(static_cast<uint64_t>(series.max_time));
  writer.u8(static_cast<uint8_t>(series.encoding));
  writer.uvarint_string(series.chunk);
  if (is_histogram(series.encoding)) {
    write_histogram(writer, series.last_histogram);
  } else {
    record.append(kOldSampleBytes, '\0');
    writer.be64(std::bit_cast<uint64_t>(series.last_value));
  }
  return record;
}

void decode_snapshot_series(std::string_view record, SnapshotSeries& out) {
  ByteReader reader(record);
  reader.skip(1);
  out.ref = reader.be64();
  read_labels(reader, out.labels);
  reader.skip(8);
  out.has_chunk = reader.uvarint() != 0;
  if (out.has_chunk) {
    out.min_time = static_cast<TimeMs>(reader.be64());
    out.max_time = static_cast<TimeMs>(reader.be64());
    out.encoding = Encoding{reader.u8()};
    out.chunk = reader.uvarint_string();
    if (out.encoding == Encoding::kNone || out.encoding > Encoding::kFloatHistogramSt) {
      reader.fail();
    } else if (is_histogram(out.encoding)) {
      out.last_histogram.integer =
          out.encoding == Encoding::kHistogram || out.encoding == Encoding::kHistogramSt;
      if (!read_histogram(reader, out.last_histogram)) reader.fail();
    } else {
      reader.skip(kOldSampleBytes);
      out.last_value = std::bit_cast<double>(reader.be64());
    }
  }
  if (reader.failed()) fail("malformed series record");
}

std::string encode_snapshot_tombstones(const Tombstones& tombstones) {
  std::string entries;
  ByteWriter writer(entries);
  writer.u8(kTombstonesVersion);
  for (const auto& [ref, intervals] : tombstones.by_series) {
    for (const TimeRange& range : intervals) {
      writer.uvarint(ref);
      writer.varint(range.min);
      writer.varint(range.max);
    }
  }
  std::string record(1, static_cast<char>(SnapshotRecord::kTombstones));
  ByteWriter(record).uvarint_string(entries);
  return record;
}

Tombstones decode_snapshot_tombstones(std::string_view record) {
  ByteReader reader(record.substr(1));
  ByteReader entries(reader.uvarint_string());
  if (entries.u8() != kTombstonesVersion) entries.fail();
  Tombstones tombstones;
  while (!entries.at_end()) {
    const uint64_t ref = entries.uvarint();
    TimeRange range;
    range.min = entries.varint();
    range.max = entries.varint();
    if (range.max < range.min) entries.fail();
    if (!entries.failed()) add_interval(tombstones.by_series[ref], range);
  }
  if (reader.failed() || entries.failed()) fail("malformed tombstones record");
  return tombstones;
}

// They differ from the log's in the number of their type only.
std::string encode_snapshot_exemplars(std::string record) {
  record[0] = static_cast<char>(SnapshotRecord::kExemplars);
  return record;
}
std::string decode_snapshot_exemplars(std::string_view record) {
  std::string of_log(record);
  of_log[0] = static_cast<char>(RecordType::kExemplars);
  return of_log;
}

// ---- files -------------------------------------------------------------------------------------

HeadSnapshotWriter::HeadSnapshotWriter(const std::string& dir, uint32_t segment, uint64_t offset)
    : dir_(dir),
      snapshot_{fmt::format("{}/{}{:06}.{:010}", dir, kPrefix, segment, offset), segment, offset},
      unfinished_(snapshot_.path + std::string(kUnfinished)) {
  remove_all(unfinished_);
  make_dirs(unfinished_);
  writer_ = std::make_unique<WalWriter>(unfinished_, 0, kSegmentBytes);
}

HeadSnapshotWriter::~HeadSnapshotWriter() {
  writer_.reset();
  metadata_.reset();
  guard("remove an unfinished memory snapshot", [&] { remove_all(unfinished_); });
}

void HeadSnapshotWriter::add(std::span<const WalRecord> records) {
  size_t added = 0;
  for (const WalRecord& record : records) {
    writer_->add(record);
    added += record.bytes.size();
    if (added < kFlushBytes) continue;
    writer_->flush();
    added = 0;
  }
  writer_->flush();
}

void HeadSnapshotWriter::add_metadata(const WalRecord& record) {
  if (metadata_ == nullptr) {
    make_dirs(unfinished_ + kMetadata);
    metadata_ = std::make_unique<WalWriter>(unfinished_ + kMetadata, 0, kSegmentBytes);
  }
  metadata_->add(record);
  metadata_->flush();
}

void HeadSnapshotWriter::commit() {
  writer_->close();
  if (metadata_ != nullptr) metadata_->close();
  remove_all(snapshot_.path);
  publish_dir(unfinished_, snapshot_.path);
  remove_head_snapshots(dir_, &snapshot_);
}

size_t head_snapshot_files(const HeadSnapshot& snapshot) {
  return wal_segments(snapshot.path).size();
}

void read_head_snapshot(const HeadSnapshot& snapshot, Pool& pool,
                        const std::function<void(size_t file, std::string_view record)>& visit) {
  const std::vector<uint32_t> segments = wal_segments(snapshot.path);
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i] != segments[0] + i) fail(snapshot.path + " lacks a segment");
  }
  pool.parallel_slices(segments.size(), [&](size_t i) {
    read_segment(wal_segment_path(snapshot.path, segments[i]),
                 [&](std::string_view record) { visit(i, record); });
  });
}

void read_head_snapshot_metadata(const HeadSnapshot& snapshot,
                                 const std::function<void(std::string_view record)>& visit) {
  const std::string dir = snapshot.path + kMetadata;
  if (!is_directory(dir)) return;
  for (const uint32_t segment : wal_segments(dir)) read_segment(wal_segment_path(dir, segment), visit);
}

}  // namespace hearth::tsdb
