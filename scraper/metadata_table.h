// What a target says of its metric families: TYPE, HELP and UNIT, for /api/v1/metadata.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "core/sample.h"
#include "scraper/exposition.h"

namespace hearth {

// Thread-safe.
class MetadataTable {
 public:
  // Takes what a kType, kHelp or kUnit entry says; returns whether that was not known.
  bool set(EntryKind kind, std::string_view family, MetricType type, std::string_view text);
  // Keeps only these families (sorted).
  void retain(const std::vector<std::string>& families);
  void clear();

  std::optional<Metadata> find(std::string_view family) const;
  // Calls visit(family, metadata) for `family`, or for all where it is "".
  template <class Visit>
  void each(const std::string& family, Visit visit) const {
    MutexLock lock(mutex_);
    for (const auto& [name, metadata] : families_) {
      if (family.empty() || family == name) visit(name, metadata);
    }
  }
  size_t size() const;
  size_t bytes() const;  // of the texts, as prometheus_target_metadata_cache_bytes counts them

 private:
  mutable Mutex mutex_;
  std::map<std::string, Metadata, std::less<>> families_ GUARDED_BY(mutex_);
};

}  // namespace hearth
