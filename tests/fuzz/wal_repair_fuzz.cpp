// A log of two segments of any bytes is cut at its first damage: what was before it stays as it was, and
// nothing is damaged any more.
#include <algorithm>
#include <optional>
#include <string>

#include "core/file.h"
#include "tsdb/wal_format.h"
#include "tsdb/wal_repair.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

std::string content(const std::string& dir, uint32_t segment) {
  return path_exists(wal_segment_path(dir, segment)) ? read_file(wal_segment_path(dir, segment)) : "";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TempDir dir;
  static const bool no_sync = (set_disk_sync(false), true);
  (void)no_sync;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t border = std::min<size_t>(bytes.size(), data[0] * size_t{16});
  const std::string parts[] = {std::string(bytes.substr(0, border)), std::string(bytes.substr(border))};
  for (const uint32_t segment : {0u, 1u}) write_file(wal_segment_path(dir.path(), segment), parts[segment]);

  const std::optional<WalDamage> damage = find_wal_damage(dir.path());
  if (!damage) return 0;
  cut_wal(*damage);
  if (find_wal_damage(dir.path())) __builtin_trap();
  if (content(dir.path(), damage->segment) != parts[damage->segment].substr(0, damage->good_bytes) &&
      damage->good_bytes <= parts[damage->segment].size()) {
    __builtin_trap();
  }
  if (damage->segment == 1 && content(dir.path(), 0) != parts[0]) __builtin_trap();
  if (damage->segment == 0 && path_exists(wal_segment_path(dir.path(), 1))) __builtin_trap();
  return 0;
}
