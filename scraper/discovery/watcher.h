// The thread that waits for descriptors and intervals on behalf of discoveries.
#pragma once

#include <functional>
#include <memory>

#include "core/clock.h"

namespace hearth {

// Thread-safe. Makes one thread.
class DiscoveryWatcher {
 public:
  // Ends with its destructor: its `look` is not running afterwards.
  class Watch {
   public:
    virtual ~Watch() = default;
  };

  DiscoveryWatcher();
  ~DiscoveryWatcher();  // all watches must have ended
  DiscoveryWatcher(const DiscoveryWatcher&) = delete;
  DiscoveryWatcher& operator=(const DiscoveryWatcher&) = delete;

  // Calls look() on the watcher's thread soon after `fd` became readable (what is there is read and
  // dropped; it must not block) and each `interval`. -1 and 0: never.
  std::unique_ptr<Watch> watch(int fd, DurationMs interval, std::function<void()> look);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
