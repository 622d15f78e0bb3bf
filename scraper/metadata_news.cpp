#include "scraper/metadata_news.h"

#include "scraper/metric_family.h"

namespace hearth {

void MetadataNews::tell(EntryKind kind, std::string_view family, MetricType type,
                        std::string_view text) {
  family_ = family;
  if (table_.set(kind, family, type, text)) changed_.emplace(family);
  family_changed_ = changed_.find(family) != changed_.end();
}

std::optional<Metadata> MetadataNews::of(std::string_view metric) const {
  if (family_.empty()) return std::nullopt;
  std::optional<Metadata> found = table_.find(family_);
  if (found && !is_of_family(metric, family_, found->type)) found.reset();
  return found;
}

}  // namespace hearth
