#include "scraper/metadata_table.h"

#include <algorithm>

namespace hearth {

void MetadataTable::set(EntryKind kind, std::string_view family, MetricType type,
                        std::string_view text) {
  MutexLock lock(mutex_);
  auto it = families_.find(family);
  if (it == families_.end()) it = families_.emplace(std::string(family), Metadata()).first;
  switch (kind) {
    case EntryKind::kType: it->second.type = type; break;
    case EntryKind::kHelp: it->second.help = text; break;
    case EntryKind::kUnit: it->second.unit = text; break;
    default: break;
  }
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
