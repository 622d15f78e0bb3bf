// Files with credentials, which others change while we run.
#pragma once

#include <map>
#include <string>

#include "core/file_stamp.h"

namespace hearth {

// Reads a file anew when it is another one than before. One thread.
class FreshFiles {
 public:
  // Relative paths are below `dir`.
  explicit FreshFiles(std::string dir) : dir_(std::move(dir)) {}

  // The text without the space around it. The reference holds until the next call. Throws
  // Error(kIo) "unable to read file <path>: open <path>: no such file or directory".
  const std::string& text(const std::string& path);

 private:
  struct Known {
    FileStamp stamp;
    std::string text;
  };
  const std::string dir_;
  std::map<std::string, Known> known_;
};

}  // namespace hearth
