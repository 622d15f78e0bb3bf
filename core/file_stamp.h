// Which file stands behind a path now: to notice that it is another one, or was changed.
#pragma once

#include <cstdint>
#include <string>

namespace hearth {

struct FileStamp {
  int64_t changed_nanos = -1;  // -1: there is none, or it may change again in the same tick
  uint64_t inode = 0;
  int64_t size = -1;

  // Stamps that are not certain are equal to none.
  bool same_as(const FileStamp& other) const {
    return changed_nanos >= 0 && changed_nanos == other.changed_nanos && inode == other.inode &&
           size == other.size;
  }
};

// To be taken before the file is read.
FileStamp file_stamp(const std::string& path);

}  // namespace hearth
