#include "cmd/tool/history_file.h"

#include <cstdlib>

#include "core/error.h"
#include "core/file.h"

namespace hearth {
namespace {

constexpr size_t kMostLines = 10'000;

}  // namespace

std::string history_path() {
  const char* const state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::string(state) + "/hearth/history";
  const char* const home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? std::string(home) + "/.local/state/hearth/history" : "";
}

HistoryFile::HistoryFile(std::string path) : path_(std::move(path)) {
  if (path_.empty() || !path_exists(path_)) return;
  try {
    const std::string text = read_file(path_);
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (!line.empty()) lines_.emplace_back(line);
    }
    if (lines_.size() <= kMostLines) return;
    lines_.erase(lines_.begin(), lines_.end() - kMostLines / 2);
    std::string kept;
    for (const std::string& line : lines_) kept += line + "\n";
    write_file(path_ + ".new", kept);
    rename_path(path_ + ".new", path_);
  } catch (const Error&) {
    // A prompt without its history is still one.
  }
}

void HistoryFile::append(const std::string& line) {
  if (path_.empty()) return;
  try {
    make_dirs(path_.substr(0, path_.rfind('/')));
    File(path_, File::Mode::kAppend).write(line + "\n");
  } catch (const Error&) {
    // As above.
  }
}

}  // namespace hearth
