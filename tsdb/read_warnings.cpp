#include "tsdb/read_warnings.h"

namespace hearth::tsdb {
namespace {

constexpr const char* kMore =
    "more of the storage is damaged than is told here: hearthtool tsdb verify lists all of it";

}  // namespace

void ReadWarnings::add(std::string text) {
  MutexLock lock(mutex_);
  if (text == kMore || (texts_.size() == kMost && texts_.count(text) == 0)) {
    more_ = true;
  } else {
    texts_.insert(std::move(text));
  }
}

void ReadWarnings::add_all(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) add(text);
}

std::vector<std::string> ReadWarnings::texts() const {
  MutexLock lock(mutex_);
  std::vector<std::string> texts(texts_.begin(), texts_.end());
  if (more_) texts.emplace_back(kMore);
  return texts;
}

}  // namespace hearth::tsdb
