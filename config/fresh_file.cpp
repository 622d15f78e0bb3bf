#include "config/fresh_file.h"

#include <sys/stat.h>

#include <cctype>
#include <cerrno>
#include <cstring>

#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"

namespace hearth {
namespace {

constexpr DurationMs kTick = 100;

[[noreturn]] void cannot_read(const std::string& path, int error) {
  std::string reason = std::strerror(error);
  reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
  throw Error(ErrorKind::kIo, "unable to read file " + path + ": open " + path + ": " + reason);
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n\v\f");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n\v\f") - first + 1);
}

}  // namespace

const std::string& FreshFiles::text(const std::string& path) {
  const std::string full = path.front() == '/' ? path : dir_ + "/" + path;
  struct stat now {};
  if (stat(full.c_str(), &now) != 0) cannot_read(full, errno);
  const int64_t changed = int64_t{now.st_ctim.tv_sec} * 1'000'000'000 + now.st_ctim.tv_nsec;
  Known& known = known_[full];
  if (known.changed_nanos == changed && known.inode == now.st_ino && known.size == now.st_size) {
    return known.text;
  }
  known.changed_nanos = -1;
  try {
    known.text = trimmed(read_file(full));
  } catch (const Error& error) {
    throw Error(ErrorKind::kIo, "unable to read file " + full + ": " + error.what());
  }
  // One that has just changed may change again in the same tick of the file system's clock.
  if (system_clock().now() - changed / 1'000'000 > kTick) known.changed_nanos = changed;
  known.inode = now.st_ino;
  known.size = now.st_size;
  return known.text;
}

}  // namespace hearth
