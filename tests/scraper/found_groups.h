// What a discovery has told so far.
#pragma once

#include <algorithm>
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

// Groups as updates leave them. Who waits gives up after ten seconds. Thread-safe.
class FoundGroups {
 public:
  GroupUpdate update() {
    return [this](std::vector<TargetGroup> changed) {
      MutexLock lock(mutex_);
      for (TargetGroup& group : changed) {
        if (group.targets.empty()) {
          groups_.erase(group.source);
        } else {
          groups_[group.source] = std::move(group);
        }
      }
      ++updates_;
      told_.notify_all();
    };
  }
  std::map<std::string, TargetGroup> groups() const {  // by source
    MutexLock lock(mutex_);
    return groups_;
  }
  std::string addresses() const {
    MutexLock lock(mutex_);
    return addresses_now();
  }
  // A line for each target: "source {labels of the target and its group}", sorted.
  std::string text() const {
    MutexLock lock(mutex_);
    return text_now();
  }

  // After so many updates since the start: the text of each group; "" when they did not come.
  std::string wait_for_update(size_t count) {
    MutexLock lock(mutex_);
    if (!wait([&]() NO_THREAD_SAFETY_ANALYSIS { return updates_ >= count; })) return "";
    std::string text;
    for (const auto& [source, group] : groups_) text += group_text(group);
    return text;
  }
  // After so many updates since the start: text().
  std::string wait_for_updates(size_t count) {
    MutexLock lock(mutex_);
    wait([&]() NO_THREAD_SAFETY_ANALYSIS { return updates_ >= count; });
    return text_now();
  }
  // Waits until text() is that, and returns what it is.
  std::string wait_for(const std::string& expected) {
    MutexLock lock(mutex_);
    wait([&]() NO_THREAD_SAFETY_ANALYSIS { return text_now() == expected; });
    return text_now();
  }
  // Waits until the addresses of all targets, by source, are these: "a b".
  bool wait_for_addresses(const std::string& addresses) {
    MutexLock lock(mutex_);
    return wait([&]() NO_THREAD_SAFETY_ANALYSIS { return addresses_now() == addresses; });
  }
  // Waits until a group's label is this.
  bool wait_for_label(const std::string& source, const std::string& name,
                      const std::string& value) {
    MutexLock lock(mutex_);
    return wait(
        [&]() NO_THREAD_SAFETY_ANALYSIS { return groups_[source].labels.get(name) == value; });
  }

 private:
  bool wait(const std::function<bool()>& done) REQUIRES(mutex_) {
    const auto due = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done()) {
      const auto left = due - std::chrono::steady_clock::now();
      if (left.count() <= 0) return false;
      told_.wait_for(mutex_, left);
    }
    return true;
  }
  std::string addresses_now() const REQUIRES(mutex_) {
    std::string text;
    for (const auto& [source, group] : groups_) {
      for (const Labels& target : group.targets) {
        text += (text.empty() ? "" : " ") + std::string(target.get("__address__"));
      }
    }
    return text;
  }
  std::string text_now() const REQUIRES(mutex_) {
    std::vector<std::string> lines;
    for (const auto& [source, group] : groups_) {
      for (const Labels& target : group.targets) {
        LabelsBuilder labels(group.labels);
        for (const Label& label : target) labels.set(label.name, label.value);
        lines.push_back(source + " " + labels_text(labels.build()) + "\n");
      }
    }
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line;
    return text;
  }

  mutable Mutex mutex_;
  CondVar told_;
  std::map<std::string, TargetGroup> groups_ GUARDED_BY(mutex_);
  size_t updates_ GUARDED_BY(mutex_) = 0;
};

}  // namespace hearth
