#include "tsdb/log_files.h"

#include <optional>

#include "core/error.h"
#include "tsdb/checkpoint.h"
#include "tsdb/wal_format.h"

namespace hearth::tsdb {
namespace {

// False when one of them is not there any more.
bool add_segments(const std::string& dir, const std::vector<uint32_t>& segments, bool in_checkpoint,
                  std::vector<LogFile>& files) {
  for (const uint32_t segment : segments) {
    const std::string path = wal_segment_path(dir, segment);
    try {
      files.push_back({path, MappedFile(path), in_checkpoint});
    } catch (const Error&) {
      if (path_exists(path)) throw;
      return false;
    }
  }
  return true;
}

// False when a server has put a new checkpoint in the place of segments meanwhile.
bool map_wal(const std::string& dir, std::vector<LogFile>& files) {
  const std::optional<Checkpoint> checkpoint = latest_checkpoint(dir);
  if (checkpoint && !is_directory(checkpoint->path)) return false;
  std::vector<uint32_t> segments = wal_segments(dir);
  if (checkpoint) {
    std::erase_if(segments, [&](uint32_t segment) { return segment <= checkpoint->segment; });
    if (!add_segments(checkpoint->path, wal_segments(checkpoint->path), true, files)) return false;
  }
  const std::optional<Checkpoint> since = latest_checkpoint(dir);
  return add_segments(dir, segments, false, files) && since.has_value() == checkpoint.has_value() &&
         (!since || since->segment == checkpoint->segment);
}

}  // namespace

LogFiles map_log_files(const std::string& data_dir) {
  const std::string wal = data_dir + "/wal", wbl = data_dir + "/wbl";
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    LogFiles files;
    if (is_directory(wbl) && !add_segments(wbl, wal_segments(wbl), false, files.late)) continue;
    if (is_directory(wal) && !map_wal(wal, files.in_order)) continue;
    return files;
  }
  throw Error(ErrorKind::kIo, "read " + wal + ": its files are replaced faster than they are read");
}

}  // namespace hearth::tsdb
