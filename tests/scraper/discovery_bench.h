// What a discovery under test needs, and a place for what it finds.
#pragma once

#include <string>

#include "scraper/discovery/discovery.h"
#include "scraper/discovery/watcher.h"
#include "tests/scraper/found_groups.h"

namespace hearth {

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
