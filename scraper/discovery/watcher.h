// The thread that looks after all discoveries: waits for their events and intervals.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "scraper/discovery/discovery.h"

namespace hearth {

// Thread-safe. Makes one thread.
class DiscoveryWatcher {
 public:
  using Update = std::function<void(std::vector<TargetGroup> groups)>;
  struct Watched {
    std::unique_ptr<Discovery> discovery;
    Update update;  // called on the watcher's thread with all groups, whenever they were looked at
  };

  DiscoveryWatcher();
  ~DiscoveryWatcher();  // stops

  // Looks after these from now on, and after those before no more; an update of one of them may still be
  // under way when this returns.
  void watch(std::vector<Watched> all);
  void stop();  // no update is called afterwards; idempotent

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
