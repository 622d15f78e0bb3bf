#include "tsdb/tombstones.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/crc32c.h"
#include "core/error.h"
#include "core/file.h"
#include "tsdb/columns.h"

namespace hearth::tsdb {
namespace {

constexpr uint32_t kMagic = 0x0130BA30;
constexpr uint8_t kVersion = 1;
constexpr size_t kHeaderBytes = 5;

template <class Value>
void cut(const Intervals& intervals, Column<Value> column) {
  auto interval = intervals.begin();
  keep_if(column, [&](TimeMs t) {
    while (interval != intervals.end() && interval->max < t) ++interval;
    return interval == intervals.end() || !interval->contains(t);
  });
}

}  // namespace

void add_interval(Intervals& intervals, TimeRange range) {
  const auto touches = [](TimeMs max, TimeMs min) { return max == kMaxTime || max + 1 >= min; };
  const auto first =
      std::partition_point(intervals.begin(), intervals.end(),
                           [&](const TimeRange& r) { return !touches(r.max, range.min); });
  auto last = first;
  for (; last != intervals.end() && touches(range.max, last->min); ++last) {
    range.min = std::min(range.min, last->min);
    range.max = std::max(range.max, last->max);
  }
  intervals.insert(intervals.erase(first, last), range);
}

void cut_intervals(const Intervals& intervals, Columns& columns) {
  cut(intervals, floats_of(columns));
  cut(intervals, histograms_of(columns));
}

size_t Tombstones::count() const {
  size_t count = 0;
  for (const auto& [ref, intervals] : by_series) count += intervals.size();
  return count;
}

const Intervals* Tombstones::of(uint64_t ref) const {
  const auto found = by_series.find(ref);
  return found == by_series.end() ? nullptr : &found->second;
}

Tombstones read_tombstones(const std::string& block_dir) {
  const std::string path = block_dir + "/tombstones";
  Tombstones tombstones;
  if (!path_exists(path)) return tombstones;
  const std::string bytes = read_file(path);
  const auto corrupt = [&](const char* what) {
    throw Error(ErrorKind::kCorrupt, "corrupt tombstones " + path + ": " + what);
  };
  if (bytes.size() < kHeaderBytes + 4) corrupt("too short");
  if (load_be32(bytes.data()) != kMagic) corrupt("invalid magic number");
  if (static_cast<uint8_t>(bytes[4]) != kVersion) corrupt("unknown version");
  const std::string_view entries =
      std::string_view(bytes).substr(kHeaderBytes, bytes.size() - kHeaderBytes - 4);
  if (crc32c(entries) != load_be32(bytes.data() + bytes.size() - 4)) corrupt("checksum mismatch");
  ByteReader in(entries);
  while (!in.at_end()) {
    const uint64_t ref = in.uvarint();
    TimeRange range;
    range.min = in.varint();
    range.max = in.varint();
    if (in.failed() || range.max < range.min) corrupt("malformed entry");
    add_interval(tombstones.by_series[ref], range);
  }
  if (in.failed()) corrupt("malformed entry");
  return tombstones;
}

void write_tombstones(const std::string& block_dir, const Tombstones& tombstones) {
  std::string entries;
  ByteWriter out(entries);
  for (const auto& [ref, intervals] : tombstones.by_series) {
    for (const TimeRange& range : intervals) {
      out.uvarint(ref);
      out.varint(range.min);
      out.varint(range.max);
    }
  }
  std::string bytes;
  ByteWriter header(bytes);
  header.be32(kMagic);
  header.u8(kVersion);
  header.bytes(entries);
  header.be32(crc32c(entries));
  const std::string path = block_dir + "/tombstones";
  {
    File file(path + ".tmp", File::Mode::kCreate);
    file.write(bytes);
    file.sync();
  }
  rename_path(path + ".tmp", path);
  sync_dir(block_dir);
}

}  // namespace hearth::tsdb
