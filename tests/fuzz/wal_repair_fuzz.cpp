// A segment of any bytes is good up to its first damage, and nothing more of it. Of some inputs, because the
// disk takes time, a log of two segments is cut there: what was before it stays as it was, and nothing is
// damaged any more.
#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "core/file.h"
#include "tsdb/wal_format.h"
#include "tsdb/wal_repair.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr size_t kOnDiskEvery = 32;  // inputs

void check_one(std::string_view segment) {
  uint64_t good_bytes = 0, still_good = 0;
  const bool damaged = !check_segment(segment, good_bytes).empty();
  if (!damaged || good_bytes > segment.size()) return;
  if (!check_segment(segment.substr(0, good_bytes), still_good).empty() || still_good != good_bytes) __builtin_trap();
}

std::string content(const std::string& dir, uint32_t segment) {
  return path_exists(wal_segment_path(dir, segment)) ? read_file(wal_segment_path(dir, segment)) : "";
}

void cut_log(std::string_view first, std::string_view second) {
  static const TempDir dir;
  static const bool no_sync = (set_disk_sync(false), true);
  (void)no_sync;
  const std::string parts[] = {std::string(first), std::string(second)};
  for (const uint32_t segment : {0u, 1u}) write_file(wal_segment_path(dir.path(), segment), parts[segment]);

  const std::optional<WalDamage> damage = find_wal_damage(dir.path());
  if (!damage) return;
  cut_wal(*damage);
  if (find_wal_damage(dir.path())) __builtin_trap();
  if (content(dir.path(), damage->segment) != parts[damage->segment].substr(0, damage->good_bytes) &&
      damage->good_bytes <= parts[damage->segment].size()) {
    __builtin_trap();
  }
  if (damage->segment == 1 && content(dir.path(), 0) != parts[0]) __builtin_trap();
  if (damage->segment == 0 && path_exists(wal_segment_path(dir.path(), 1))) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t border = std::min<size_t>(bytes.size(), data[0] * size_t{16});
  const std::string_view first = bytes.substr(0, border), second = bytes.substr(border);
  check_one(first);
  check_one(second);
  if (std::hash<std::string_view>()(bytes) % kOnDiskEvery == 0) cut_log(first, second);
  return 0;
}
