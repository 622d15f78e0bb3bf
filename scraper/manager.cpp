#include "scraper/manager.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/error.h"
#include "core/mutex.h"
#include "scraper/discovery/discoveries.h"
#include "scraper/loop.h"
#include "scraper/pool.h"
#include "scraper/schedule.h"

namespace hearth {
namespace {

std::string hostname() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

struct ScrapeManager::State {
  State(const ScraperOptions& o, Appender& appender, Pool& workers, const Clock& clock, Registry& registry)
      : options(o),
        metrics(registry),
        sink{appender, clock, metrics, o.tell_metadata, o.extra_metrics, &failures,
             o.zeros_at_creation, o.type_and_unit_labels},
        loop(o, sink, workers),
        discoveries(o.config_dir, registry, [this](const auto& changes) { take(changes); }) {}

  void take(const std::vector<GroupChange>& changes);
  void retire_missing(const Config& config) REQUIRES(mutex);
  void refresh_gauges();

  const ScraperOptions options;
  const ScrapeMetrics metrics;
  FailureLog failures;
  const ScrapeSink sink;
  mutable Mutex mutex;
  std::map<std::string, std::unique_ptr<ScrapePool>> pools GUARDED_BY(mutex);  // by job
  bool stopped GUARDED_BY(mutex) = false;
  ScrapeLoop loop;  // after pools: it ends before their targets do
  Discoveries discoveries;

  // What the registry holds of us, as it lives longer.
  struct Link {
    Mutex mutex;
    State* state GUARDED_BY(mutex) = nullptr;
  };
  std::shared_ptr<Link> link = std::make_shared<Link>();
};

void ScrapeManager::State::take(const std::vector<GroupChange>& changes) {
  MutexLock lock(mutex);
  if (stopped) return;
  for (const GroupChange& change : changes) {
    const auto pool = pools.find(change.job);
    if (pool == pools.end()) continue;
    if (change.group == nullptr) {
      pool->second->end_groups(change.discovery);
    } else {
      pool->second->set_group(change.discovery, change.group);
    }
  }
  for (const auto& [job, pool] : pools) {
    if (pool->outdated()) pool->sync();
  }
}

void ScrapeManager::State::retire_missing(const Config& config) {
  for (auto it = pools.begin(); it != pools.end();) {
    const bool stays = std::any_of(config.scrape_configs.begin(), config.scrape_configs.end(),
                                   [&](const ScrapeConfig& c) { return c.job_name == it->first; });
    if (stays) {
      ++it;
      continue;
    }
    it->second->retire_all();
    metrics.remove_pool(it->first);
    it = pools.erase(it);
  }
}

void ScrapeManager::State::refresh_gauges() {
  MutexLock lock(mutex);
  for (const auto& [name, pool] : pools) {
    size_t entries = 0, bytes = 0;
    for (const Target* target : pool->targets()) {
      entries += target->metadata.size();
      bytes += target->metadata.bytes();
    }
    metrics.metadata_entries(name).set(static_cast<double>(entries));
    metrics.metadata_bytes(name).set(static_cast<double>(bytes));
  }
}

ScrapeManager::ScrapeManager(const ScraperOptions& options, Appender& appender, Pool& pool,
                             const Clock& clock, Registry& registry)
    : state_(std::make_unique<State>(options, appender, pool, clock, registry)) {
  {
    MutexLock lock(state_->link->mutex);
    state_->link->state = state_.get();
  }
  registry.on_collect([link = state_->link] {
    MutexLock lock(link->mutex);
    if (link->state != nullptr) link->state->refresh_gauges();
  });
}

ScrapeManager::~ScrapeManager() {
  stop();
  MutexLock lock(state_->link->mutex);
  state_->link->state = nullptr;
}

void ScrapeManager::apply(std::shared_ptr<const Config> config) {
  std::set<std::string> failure_logs;
  for (const ScrapeConfig& scrape_config : config->scrape_configs) {
    failure_logs.insert(scrape_config.scrape_failure_log_file);
  }
  state_->failures.open(failure_logs);
  {
    MutexLock lock(state_->mutex);
    if (state_->stopped) return;
    const uint64_t seed = schedule_seed(hostname(), config->global.external_labels);
    state_->retire_missing(*config);
    for (const ScrapeConfig& scrape_config : config->scrape_configs) {
      const std::shared_ptr<const ScrapeConfig> shared(config, &scrape_config);
      std::unique_ptr<ScrapePool>& pool = state_->pools[scrape_config.job_name];
      if (pool == nullptr) {
        state_->metrics.pools.add();
        pool = std::make_unique<ScrapePool>(shared, state_->loop, state_->metrics, seed);
      } else if (!(pool->config() == scrape_config)) {
        pool->reload(shared);
      }
    }
  }
  state_->discoveries.apply(*config);
}

void ScrapeManager::stop() {
  {
    MutexLock lock(state_->mutex);
    state_->stopped = true;
  }
  state_->discoveries.stop();
  state_->loop.stop();
}

std::vector<TargetStatus> ScrapeManager::active_targets() const {
  std::vector<TargetStatus> all;
  MutexLock lock(state_->mutex);
  for (const auto& [name, pool] : state_->pools) {
    const size_t first = all.size();
    for (const Target* target : pool->targets()) all.push_back(target->status());
    std::sort(all.begin() + static_cast<ptrdiff_t>(first), all.end(),
              [](const TargetStatus& a, const TargetStatus& b) { return a.labels < b.labels; });
  }
  return all;
}

std::vector<DroppedTarget> ScrapeManager::dropped_targets() const {
  std::vector<DroppedTarget> all;
  MutexLock lock(state_->mutex);
  for (const auto& [name, pool] : state_->pools) {
    for (const Labels& labels : pool->dropped()) all.push_back({name, labels});
  }
  return all;
}

std::map<std::string, size_t> ScrapeManager::dropped_counts() const {
  std::map<std::string, size_t> counts;
  MutexLock lock(state_->mutex);
  for (const auto& [name, pool] : state_->pools) counts[name] = pool->dropped_count();
  return counts;
}

std::shared_ptr<const ScrapeConfig> ScrapeManager::pool_config(const std::string& name) const {
  MutexLock lock(state_->mutex);
  const auto pool = state_->pools.find(name);
  return pool == state_->pools.end() ? nullptr : pool->second->shared_config();
}

std::vector<std::string> ScrapeManager::scrape_pools() const {
  std::vector<std::string> names;
  MutexLock lock(state_->mutex);
  for (const auto& [name, pool] : state_->pools) names.push_back(name);
  return names;
}

std::vector<TargetMetadata> ScrapeManager::metadata(const std::string& metric) const {
  std::vector<TargetMetadata> all;
  MutexLock lock(state_->mutex);
  for (const auto& [name, pool] : state_->pools) {
    for (const Target* target : pool->targets()) {
      target->metadata.each(metric, [&](const std::string& family, const Metadata& metadata) {
        all.push_back({target->labels(), family, metadata});
      });
    }
  }
  return all;
}

}  // namespace hearth
