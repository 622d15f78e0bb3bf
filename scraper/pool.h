// The targets of one job: what discovery found, after relabelling and limits. A group that changes
// costs its own targets only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scraper/loop.h"

namespace hearth {

// One thread (the manager's lock). Its loop and metrics must outlive it.
class ScrapePool {
 public:
  ScrapePool(std::shared_ptr<const ScrapeConfig> config, ScrapeLoop& loop,
             const ScrapeMetrics& metrics, uint64_t seed);
  ~ScrapePool();  // forgets its targets; the loop must have stopped, or they have been retired

  // sync() brings these to the targets; those that stay are not disturbed.
  void reload(std::shared_ptr<const ScrapeConfig> config);  // of the same job
  void set_group(size_t discovery,
                 std::shared_ptr<const TargetGroup> group);  // one without targets: it ends
  void end_groups(size_t discovery);                         // all of this discovery
  bool outdated() const { return outdated_; }
  void sync();

  void retire_all();

  const ScrapeConfig& config() const { return *config_; }
  const std::shared_ptr<const ScrapeConfig>& shared_config() const { return config_; }
  std::vector<const Target*> targets() const;
  // The discovered labels of targets that relabelling drops, up to keep_dropped_targets.
  std::vector<Labels> dropped() const;
  size_t dropped_count() const { return dropped_count_; }

 private:
  using GroupKey = std::pair<size_t, std::string>;  // discovery, source
  // What a target of a group has become.
  struct Resolved {
    enum class Fate : uint8_t { kTarget, kDropped, kFailed } fate = Fate::kFailed;
    uint64_t hash = 0;  // of the target
  };
  struct Group {
    std::shared_ptr<const TargetGroup> group;
    std::vector<Resolved> resolved;  // as long as group->targets
  };
  // The same target may come from several groups.
  struct Entry {
    std::unique_ptr<Target> target;
    size_t references = 0;
    const TargetGroup* shown = nullptr;  // the group that its discovered labels are of
  };

  Resolved resolve(const TargetGroup& group, size_t i);
  std::vector<Resolved> resolve_all(const TargetGroup& group);
  void release(const Group& group, bool replaced);
  void show_another_group(uint64_t hash, Entry& entry);
  void apply_target_limit();

  std::shared_ptr<const ScrapeConfig> config_;
  ScrapeLoop& loop_;
  const ScrapeMetrics& metrics_;
  const uint64_t seed_;
  bool outdated_ = true;
  bool reloaded_ = false;
  std::map<GroupKey, std::shared_ptr<const TargetGroup>> changes_;  // nullptr: it ends
  std::map<GroupKey, Group> groups_;
  std::map<uint64_t, Entry> targets_;           // by hash
  std::vector<uint64_t> added_, unreferenced_;  // by the sync that is under way
  size_t dropped_count_ = 0;
  std::string limit_error_;
};

}  // namespace hearth
