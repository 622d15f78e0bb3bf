#include "scraper/pool.h"

#include <fmt/format.h>

#include <chrono>

#include "core/error.h"
#include "core/log.h"

namespace hearth {

ScrapePool::ScrapePool(std::shared_ptr<const ScrapeConfig> config, ScrapeLoop& loop,
                       const ScrapeMetrics& metrics, uint64_t seed)
    : config_(std::move(config)), loop_(loop), metrics_(metrics), seed_(seed) {
  metrics_.target_limit(config_->job_name).set(static_cast<double>(config_->target_limit));
}

ScrapePool::~ScrapePool() = default;

void ScrapePool::reload(std::shared_ptr<const ScrapeConfig> config) {
  config_ = std::move(config);
  metrics_.pool_reloads.add();
  metrics_.target_limit(config_->job_name).set(static_cast<double>(config_->target_limit));
}

void ScrapePool::sync(const std::vector<TargetGroup>& groups) {
  const auto start = std::chrono::steady_clock::now();
  const std::string& job = config_->job_name;
  std::map<uint64_t, std::unique_ptr<Target>> found;
  dropped_.clear();
  for (const TargetGroup& group : groups) take(group, found);

  // Known targets go on under the configuration of now, new ones begin, the others end.
  for (auto& [hash, target] : found) {
    const auto known = targets_.find(hash);
    if (known == targets_.end()) continue;
    known->second->set_config(target->status().discovered_labels, config_);
    target = std::move(known->second);
    targets_.erase(known);
  }
  retire_all();
  targets_ = std::move(found);
  apply_target_limit();
  for (auto& [hash, target] : targets_) {
    if (!target->started) loop_.add(*target, seed_);
    target->started = true;
  }
  metrics_.targets(job).set(static_cast<double>(targets_.size()));
  metrics_.syncs(job).add();
  metrics_.sync_length(job).observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

void ScrapePool::take(const TargetGroup& group, std::map<uint64_t, std::unique_ptr<Target>>& found) {
  for (size_t i = 0; i < group.targets.size(); ++i) {
    LabelsBuilder discovered(group.labels);
    for (const Label& label : group.targets[i]) discovered.set(label.name, label.value);
    try {
      ResolvedTarget resolved = resolve_target(discovered.build(), *config_);
      if (!resolved.labels) {
        if (config_->keep_dropped_targets == 0 || dropped_.size() < config_->keep_dropped_targets) {
          dropped_.push_back(std::move(resolved.discovered));
        }
        continue;
      }
      auto target = std::make_unique<Target>(std::move(resolved.discovered), *resolved.labels, config_);
      const uint64_t hash = target->hash();
      found.try_emplace(hash, std::move(target));
    } catch (const Error& error) {
      metrics_.sync_failures(config_->job_name).add();
      log_error("Creating target failed", "component", "scrape manager", "scrape_pool", config_->job_name,
                "err", fmt::format("instance {} in group {}: {}", i, group.source, error.what()));
    }
  }
}

void ScrapePool::apply_target_limit() {
  std::string error;
  if (config_->target_limit > 0 && targets_.size() > config_->target_limit) {
    metrics_.exceeded_target_limit.add();
    error = fmt::format("target_limit exceeded (number of targets: {}, limit: {})", targets_.size(),
                        config_->target_limit);
  }
  for (auto& [hash, target] : targets_) target->set_forced_error(error);
}

void ScrapePool::retire_all() {
  for (auto& [hash, target] : targets_) loop_.retire(std::move(target));
  targets_.clear();
}

}  // namespace hearth
