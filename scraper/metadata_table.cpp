#include "scraper/metadata_table.h"

#include <algorithm>
#include <utility>

namespace hearth {

bool MetadataTable::set(EntryKind kind, std::string_view family, MetricType type,
                        std::string_view text) {
  MutexLock lock(mutex_);
  auto it = families_.find(family);
  if (it == families_.end()) it = families_.emplace(std::string(family), Metadata()).first;
  Metadata& known = it->second;
  switch (kind) {
    case EntryKind::kType: return std::exchange(known.type, type) != type;
    case EntryKind::kHelp: return std::exchange(known.help, text) != text;
    case EntryKind::kUnit: return std::exchange(known.unit, text) != text;
    default: return false;
  }
}

std::optional<Metadata> MetadataTable::find(std::string_view family) const {
  MutexLock lock(mutex_);
  const auto it = families_.find(family);
  if (it == families_.end()) return std::nullopt;
  return it->second;
}

void MetadataTable::retain(const std::vector<std::string>& families) {
  MutexLock lock(mutex_);
  std::erase_if(families_, [&](const auto& entry) {
    return !std::binary_search(families.begin(), families.end(), entry.first);
  });
}

void MetadataTable::clear() {
  MutexLock lock(mutex_);
  families_.clear();
}

size_t MetadataTable::size() const {
  MutexLock lock(mutex_);
  return families_.size();
}

size_t MetadataTable::bytes() const {
  MutexLock lock(mutex_);
  size_t sum = 0;
  for (const auto& [name, metadata] : families_) {
    sum += metadata.help.size() + metadata.unit.size() + metric_type_name(metadata.type).size();
  }
  return sum;
}

}  // namespace hearth
