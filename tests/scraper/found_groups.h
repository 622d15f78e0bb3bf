// What a discovery has told so far.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/labels.h"
#include "core/mutex.h"
#include "scraper/discovery/discovery.h"

namespace hearth {

inline std::string group_text(const TargetGroup& group) {
  std::string text = group.source + labels_text(group.labels);
  for (const Labels& target : group.targets) text += " " + std::string(target.get("__address__"));
  return text + "\n";
}

// Thread-safe.
class FoundGroups {
 public:
  GroupUpdate update() {
    return [this](std::vector<TargetGroup> changed) {
      MutexLock lock(mutex_);
      for (TargetGroup& group : changed) {
        if (group.targets.empty()) groups_.erase(group.source);
        if (!group.targets.empty()) groups_[group.source] = std::move(group);
      }
      ++updates_;
      told_.notify_all();
    };
  }
  std::map<std::string, TargetGroup> groups() const {  // by source
    MutexLock lock(mutex_);
    return groups_;
  }
  // "" when nothing was told within ten seconds.
  std::string wait_for_update(size_t count) {
    MutexLock lock(mutex_);
    while (updates_ < count) {
      if (!told_.wait_for(mutex_, std::chrono::seconds(10))) return "";
    }
    std::string text;
    for (const auto& [source, group] : groups_) text += group_text(group);
    return text;
  }
  // Waits until the addresses of all targets, by source, are these: "a b". False after ten seconds.
  bool wait_for_addresses(const std::string& addresses) {
    MutexLock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (addresses_now() != addresses) {
      const auto left = deadline - std::chrono::steady_clock::now();
      if (left.count() <= 0 || !told_.wait_for(mutex_, left)) return addresses_now() == addresses;
    }
    return true;
  }
  // Waits until a group's label is this; false after ten seconds.
  bool wait_for_label(const std::string& source, const std::string& name,
                      const std::string& value) {
    MutexLock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (groups_[source].labels.get(name) != value) {
      const auto left = deadline - std::chrono::steady_clock::now();
      if (left.count() <= 0 || !told_.wait_for(mutex_, left))
        return groups_[source].labels.get(name) == value;
    }
    return true;
  }
  std::string addresses() const {
    MutexLock lock(mutex_);
    return addresses_now();
  }

 private:
  std::string addresses_now() const REQUIRES(mutex_) {
    std::string text;
    for (const auto& [source, group] : groups_) {
      for (const Labels& target : group.targets) {
        text += (text.empty() ? "" : " ") + std::string(target.get("__address__"));
      }
    }
    return text;
  }

  mutable Mutex mutex_;
  CondVar told_;
  std::map<std::string, TargetGroup> groups_ GUARDED_BY(mutex_);
  size_t updates_ GUARDED_BY(mutex_) = 0;
};

}  // namespace hearth
