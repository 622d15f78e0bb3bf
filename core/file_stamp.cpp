#include "core/file_stamp.h"

#include <sys/stat.h>

#include "core/clock.h"

namespace hearth {
namespace {

constexpr DurationMs kTick = 100;  // of a file system's clock, with room to spare

}  // namespace

FileStamp file_stamp(const std::string& path) {
  struct stat now {};
  if (stat(path.c_str(), &now) != 0) return {};
  const int64_t changed = int64_t{now.st_ctim.tv_sec} * 1'000'000'000 + now.st_ctim.tv_nsec;
  const bool settled = system_clock().now() - changed / 1'000'000 > kTick;
  return {settled ? changed : -1, now.st_ino, now.st_size};
}

}  // namespace hearth
