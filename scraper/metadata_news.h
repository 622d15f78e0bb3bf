// Which series of a body get metadata that the storage does not have yet.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "scraper/metadata_table.h"

namespace hearth {

// Walks along the comments of one body. One thread.
class MetadataNews {
 public:
  explicit MetadataNews(MetadataTable& table) : table_(table) {}

  // Takes what a kType, kHelp or kUnit entry says; the series that follow are of its family.
  void tell(EntryKind kind, std::string_view family, MetricType type, std::string_view text);
  // Whether the last body said something else of this family: then series that are not new need it too.
  bool family_changed() const { return family_changed_; }
  // What is known of a series of this name; nothing where it is not of the family.
  std::optional<Metadata> of(std::string_view metric) const;

 private:
  MetadataTable& table_;
  std::string family_;
  bool family_changed_ = false;
  std::set<std::string, std::less<>> changed_;
};

}  // namespace hearth
