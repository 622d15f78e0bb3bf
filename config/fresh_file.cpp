#include "config/fresh_file.h"

#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/file.h"

namespace hearth {
namespace {

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
  if (access(full.c_str(), F_OK) != 0) cannot_read(full, errno);
  const FileStamp stamp = file_stamp(full);
  Known& known = known_[full];
  if (stamp.same_as(known.stamp)) return known.text;
  known.stamp = {};
  try {
    known.text = trimmed(read_file(full));
  } catch (const Error& error) {
    throw Error(ErrorKind::kIo, "unable to read file " + full + ": " + error.what());
  }
  known.stamp = stamp;
  return known.text;
}

}  // namespace hearth
