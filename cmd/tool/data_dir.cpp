#include "cmd/tool/data_dir.h"

#include "core/error.h"
#include "core/file.h"

namespace hearth {

std::string data_dir_argument(const CommandInput& input) {
  std::string dir = input.argument(0, "data/");
  if (!path_exists(dir)) {
    throw Error(ErrorKind::kIo, "opening the db dir: stat " + dir + ": no such file or directory");
  }
  if (!is_directory(dir)) {
    throw Error(ErrorKind::kIo, "opening the db dir: " + dir + ": not a directory");
  }
  while (dir.size() > 1 && dir.ends_with('/')) dir.pop_back();
  return dir;
}

}  // namespace hearth
