// All discoveries of a configuration. One that several jobs ask for alike is made once; what they
// find is gathered and handed on in batches.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scraper/discovery/discovery.h"

namespace hearth {

struct GroupChange {
  std::string job;
  size_t discovery = 0;  // its number; never used again
  // Replaces the job's group of this discovery and `source`; without targets: ends it. nullptr: all
  // groups of the discovery end.
  std::shared_ptr<const TargetGroup> group;
};

// Thread-safe, but for apply() and stop(): one call at a time. Makes one thread.
class Discoveries {
 public:
  using Deliver = std::function<void(const std::vector<GroupChange>& changes)>;

  // `deliver` is called on its thread: at once after a quiet time, else each half second.
  Discoveries(std::string dir, Registry& registry, Deliver deliver);
  ~Discoveries();  // stops

  // Starts what the configuration names and ends what it no longer does; unchanged ones go on
  // undisturbed. Returns when all that is known by now has been delivered.
  void apply(const Config& config);

  void stop();  // nothing is delivered afterwards; idempotent

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
