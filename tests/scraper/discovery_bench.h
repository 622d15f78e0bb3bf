// What a discovery under test needs, and a place for what it finds.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "core/mutex.h"
#include "scraper/discovery/discovery.h"
#include "scraper/discovery/watcher.h"

namespace hearth {

// Groups as updates leave them. Thread-safe.
class FoundGroups {
 public:
  GroupUpdate update() {
    return [this](std::vector<TargetGroup> changed) {
      MutexLock lock(mutex_);
      ++updates_;
      for (TargetGroup& group : changed) {
        if (group.targets.empty()) {
          groups_.erase(group.source);
        } else {
          groups_[group.source] = std::move(group);
        }
      }
      changed_.notify_all();
    };
  }

  // A line for each target: "source {labels of the target and its group}", sorted.
  std::string text() {
    MutexLock lock(mutex_);
    return text_now();
  }

  // Waits until the text is that, and returns what it is (that, or another when ten seconds have
  // passed).
  std::string wait_for(const std::string& expected) {
    MutexLock lock(mutex_);
    wait([&]() NO_THREAD_SAFETY_ANALYSIS { return text_now() == expected; });
    return text_now();
  }
  // Waits for so many updates since the start.
  std::string wait_for_updates(size_t count) {
    MutexLock lock(mutex_);
    wait([&]() NO_THREAD_SAFETY_ANALYSIS { return updates_ >= count; });
    return text_now();
  }

 private:
  void wait(const std::function<bool()>& done) REQUIRES(mutex_) {
    const auto due = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done() && std::chrono::steady_clock::now() < due) {
      changed_.wait_for(mutex_, due - std::chrono::steady_clock::now());
    }
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

  Mutex mutex_;
  CondVar changed_;
  size_t updates_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, TargetGroup> groups_ GUARDED_BY(mutex_);
};

// A discovery is made with `context` and started with found.update(); it ends before the bench
// does.
struct DiscoveryBench {
  Registry registry;
  DiscoveryWatcher watcher;
  DiscoveryContext context{"a job", ".", registry, watcher, "Prometheus/3.14.0"};
  FoundGroups found;

  // Of a series as /metrics writes it; "none" where there is none.
  std::string value(const std::string& series) const {
    const std::string text = "\n" + registry.text();
    const size_t at = text.find("\n" + series + " ");
    if (at == std::string::npos) return "none";
    const size_t start = at + series.size() + 2;
    return text.substr(start, text.find('\n', start) - start);
  }
};

}  // namespace hearth
