#include "scraper/pool.h"

#include <fmt/format.h>

#include <chrono>

#include "core/duration.h"
#include "core/error.h"
#include "core/log.h"

namespace hearth {
namespace {

Labels discovered_labels(const TargetGroup& group, size_t i) {
  LabelsBuilder labels(group.labels);
  for (const Label& label : group.targets[i]) labels.set(label.name, label.value);
  return labels.build();
}

}  // namespace

ScrapePool::ScrapePool(std::shared_ptr<const ScrapeConfig> config, ScrapeLoop& loop,
                       const ScrapeMetrics& metrics, uint64_t seed)
    : config_(std::move(config)), loop_(loop), metrics_(metrics), seed_(seed) {
  metrics_.target_limit(config_->job_name).set(static_cast<double>(config_->target_limit));
}

ScrapePool::~ScrapePool() = default;

void ScrapePool::reload(std::shared_ptr<const ScrapeConfig> config) {
  config_ = std::move(config);
  outdated_ = reloaded_ = true;
  metrics_.pool_reloads.add();
  metrics_.target_limit(config_->job_name).set(static_cast<double>(config_->target_limit));
}

void ScrapePool::set_group(size_t discovery, std::shared_ptr<const TargetGroup> group) {
  outdated_ = true;
  const GroupKey key{discovery, group->source};
  changes_[key] = group->targets.empty() ? nullptr : std::move(group);
}

void ScrapePool::end_groups(size_t discovery) {
  outdated_ = true;
  const auto is_of_it = [&](const auto& entry) { return entry.first.first == discovery; };
  std::erase_if(changes_, is_of_it);
  for (auto group = groups_.lower_bound({discovery, ""});
       group != groups_.end() && is_of_it(*group); ++group) {
    changes_[group->first] = nullptr;
  }
}

void ScrapePool::sync() {
  const auto start = std::chrono::steady_clock::now();
  const std::string& job = config_->job_name;
  if (reloaded_) {
    for (const auto& [key, group] : groups_) changes_.try_emplace(key, group.group);
  }
  for (auto& [key, changed] : changes_) {
    const Group before = std::move(groups_[key]);
    if (changed != nullptr) {
      std::vector<Resolved> resolved = resolve_all(*changed);
      groups_[key] = {changed, std::move(resolved)};
    } else {
      groups_.erase(key);
    }
    release(before, before.group != changed);
  }
  changes_.clear();
  for (const uint64_t hash : unreferenced_) {
    const auto entry = targets_.find(hash);
    if (entry == targets_.end() || entry->second.references > 0) continue;
    if (entry->second.target->started) loop_.retire(std::move(entry->second.target));
    targets_.erase(entry);
  }
  apply_target_limit();
  for (const uint64_t hash : added_) {
    const auto entry = targets_.find(hash);
    if (entry == targets_.end() || entry->second.target->started) continue;
    loop_.add(*entry->second.target, seed_);
    entry->second.target->started = true;
  }
  added_.clear();
  unreferenced_.clear();
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (reloaded_) metrics_.reload_length(duration_text(config_->scrape_interval)).observe(took);
  outdated_ = reloaded_ = false;
  metrics_.targets(job).set(static_cast<double>(targets_.size()));
  metrics_.syncs(job).add();
  metrics_.sync_failures(job).add(0);  // seen before the first one
  metrics_.sync_length(job).observe(took);
}

std::vector<ScrapePool::Resolved> ScrapePool::resolve_all(const TargetGroup& group) {
  std::vector<Resolved> all;
  all.reserve(group.targets.size());
  for (size_t i = 0; i < group.targets.size(); ++i) all.push_back(resolve(group, i));
  return all;
}

ScrapePool::Resolved ScrapePool::resolve(const TargetGroup& group, size_t i) {
  try {
    ResolvedTarget resolved = resolve_target(discovered_labels(group, i), *config_);
    if (!resolved.labels) {
      ++dropped_count_;
      return {Resolved::Fate::kDropped, 0};
    }
    auto target = std::make_unique<Target>(resolved.discovered, *resolved.labels, config_);
    const uint64_t hash = target->hash();
    Entry& entry = targets_[hash];
    if (entry.target == nullptr) {
      entry.target = std::move(target);
      added_.push_back(hash);
    } else {
      entry.target->set_config(std::move(resolved.discovered), config_);
    }
    ++entry.references;
    entry.shown = &group;
    return {Resolved::Fate::kTarget, hash};
  } catch (const Error& error) {
    metrics_.sync_failures(config_->job_name).add();
    log_error("Creating target failed", "component", "scrape manager", "scrape_pool",
              config_->job_name, "err",
              fmt::format("instance {} in group {}: {}", i, group.source, error.what()));
    return {Resolved::Fate::kFailed, 0};
  }
}

void ScrapePool::release(const Group& group, bool replaced) {
  for (const Resolved& resolved : group.resolved) {
    if (resolved.fate == Resolved::Fate::kDropped) --dropped_count_;
    if (resolved.fate != Resolved::Fate::kTarget) continue;
    Entry& entry = targets_.at(resolved.hash);
    if (--entry.references == 0) {
      unreferenced_.push_back(resolved.hash);
    } else if (replaced && entry.shown == group.group.get()) {
      show_another_group(resolved.hash, entry);
    }
  }
}

// Its labels before relabelling are those of a group that still has it. Walks all groups: such
// duplicates are rare.
void ScrapePool::show_another_group(uint64_t hash, Entry& entry) {
  for (const auto& [key, other] : groups_) {
    for (size_t i = 0; i < other.resolved.size(); ++i) {
      if (other.resolved[i].fate != Resolved::Fate::kTarget || other.resolved[i].hash != hash)
        continue;
      entry.target->set_config(
          resolve_target(discovered_labels(*other.group, i), *config_).discovered, config_);
      entry.shown = other.group.get();
      return;
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
  if (error != limit_error_) {
    for (auto& [hash, entry] : targets_) entry.target->set_forced_error(error);
    limit_error_ = std::move(error);
  } else if (!error.empty()) {
    for (const uint64_t hash : added_) {
      if (const auto entry = targets_.find(hash); entry != targets_.end()) {
        entry->second.target->set_forced_error(error);
      }
    }
  }
}

void ScrapePool::retire_all() {
  for (auto& [hash, entry] : targets_) loop_.retire(std::move(entry.target));
  targets_.clear();
  groups_.clear();
  dropped_count_ = 0;
}

std::vector<const Target*> ScrapePool::targets() const {
  std::vector<const Target*> all;
  all.reserve(targets_.size());
  for (const auto& [hash, entry] : targets_) all.push_back(entry.target.get());
  return all;
}

std::vector<Labels> ScrapePool::dropped() const {
  const size_t limit =
      config_->keep_dropped_targets > 0 ? config_->keep_dropped_targets : dropped_count_;
  std::vector<Labels> all;
  for (const auto& [key, group] : groups_) {
    for (size_t i = 0; i < group.resolved.size() && all.size() < limit; ++i) {
      if (group.resolved[i].fate != Resolved::Fate::kDropped) continue;
      all.push_back(with_job_defaults(discovered_labels(*group.group, i), *config_));
    }
  }
  return all;
}

}  // namespace hearth
