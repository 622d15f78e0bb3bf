// The targets of one job: what discovery found, after relabelling and limits.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "scraper/loop.h"

namespace hearth {

// One thread (the manager's lock). Its loop and metrics must outlive it.
class ScrapePool {
 public:
  ScrapePool(std::shared_ptr<const ScrapeConfig> config, ScrapeLoop& loop, const ScrapeMetrics& metrics,
             uint64_t seed);
  ~ScrapePool();  // forgets its targets; the loop must have stopped, or they have been retired

  // Another configuration of the same job; sync() brings it to the targets.
  void reload(std::shared_ptr<const ScrapeConfig> config);

  // Makes the targets those of these groups. Targets that stay are not disturbed.
  void sync(const std::vector<TargetGroup>& groups);
  void retire_all();

  const ScrapeConfig& config() const { return *config_; }
  const std::map<uint64_t, std::unique_ptr<Target>>& targets() const { return targets_; }
  const std::vector<Labels>& dropped() const { return dropped_; }  // their discovered labels

 private:
  void take(const TargetGroup& group, std::map<uint64_t, std::unique_ptr<Target>>& found);
  void apply_target_limit();

  std::shared_ptr<const ScrapeConfig> config_;
  ScrapeLoop& loop_;
  const ScrapeMetrics& metrics_;
  const uint64_t seed_;
  std::map<uint64_t, std::unique_ptr<Target>> targets_;  // by hash
  std::vector<Labels> dropped_;
};

}  // namespace hearth
