// Bytes as a file, for readers that take a path.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace hearth {

// Replaces the content of a file in memory and returns its path. What has the old content mapped must
// be gone.
inline std::string fuzz_file(std::string_view bytes) {
  static const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    __builtin_trap();
  }
  return "/proc/self/fd/" + std::to_string(fd);
}

}  // namespace hearth
