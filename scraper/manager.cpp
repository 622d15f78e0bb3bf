#include "scraper/manager.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/mutex.h"
#include "scraper/discovery/watcher.h"
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

// A job with the groups of each of its discoveries.
struct Job {
  std::unique_ptr<ScrapePool> pool;
  std::vector<std::vector<TargetGroup>> groups;

  std::vector<TargetGroup> all_groups() const {
    std::vector<TargetGroup> all;
    for (const auto& part : groups) all.insert(all.end(), part.begin(), part.end());
    return all;
  }
};

// The discoveries of a job, with what they find at once.
struct Discovered {
  std::vector<std::unique_ptr<Discovery>> discoveries;
  std::vector<std::vector<TargetGroup>> groups;
};

Discovered discover(const ScrapeConfig& config, const std::string& dir, Registry& registry) {
  Discovered found;
  found.discoveries.push_back(make_static_discovery(config.static_configs));
  for (const FileSdConfig& file : config.file_sd_configs) {
    found.discoveries.push_back(make_file_discovery(file, dir, registry));
  }
  for (const auto& discovery : found.discoveries) found.groups.push_back(discovery->groups());
  return found;
}

}  // namespace

struct ScrapeManager::State {
  State(const ScraperOptions& o, Appender& appender, Pool& workers, const Clock& clock, Registry& registry)
      : options(o), metrics(registry), sink{appender, clock, metrics, o.tell_metadata}, loop(o, sink, workers) {}

  void update(uint64_t generation_of_caller, const std::string& job, size_t discovery,
              std::vector<TargetGroup> groups);
  void sync(Job& job) REQUIRES(mutex);
  void retire_missing(const Config& config) REQUIRES(mutex);
  void refresh_gauges();

  const ScraperOptions options;
  const ScrapeMetrics metrics;
  const ScrapeSink sink;
  mutable Mutex mutex;
  std::map<std::string, Job> jobs GUARDED_BY(mutex);
  uint64_t generation GUARDED_BY(mutex) = 0;  // of the configuration; updates for older ones are late
  bool stopped GUARDED_BY(mutex) = false;
  ScrapeLoop loop;  // after jobs: it ends before its targets do
  DiscoveryWatcher watcher;

  // What the registry holds of us, as it lives longer.
  struct Link {
    Mutex mutex;
    State* state GUARDED_BY(mutex) = nullptr;
  };
  std::shared_ptr<Link> link = std::make_shared<Link>();
};

void ScrapeManager::State::sync(Job& job) {
  const std::vector<TargetGroup> groups = job.all_groups();
  size_t discovered = 0;
  for (const TargetGroup& group : groups) discovered += group.targets.size();
  metrics.discovered(job.pool->config().job_name).set(static_cast<double>(discovered));
  metrics.sd_updates.add();
  job.pool->sync(groups);
}

void ScrapeManager::State::update(uint64_t generation_of_caller, const std::string& job, size_t discovery,
                                  std::vector<TargetGroup> groups) {
  MutexLock lock(mutex);
  metrics.sd_received_updates.add();
  if (stopped || generation_of_caller != generation) return;
  const auto it = jobs.find(job);
  if (it == jobs.end() || it->second.groups[discovery] == groups) return;
  it->second.groups[discovery] = std::move(groups);
  sync(it->second);
}

void ScrapeManager::State::retire_missing(const Config& config) {
  for (auto it = jobs.begin(); it != jobs.end();) {
    const bool stays = std::any_of(config.scrape_configs.begin(), config.scrape_configs.end(),
                                   [&](const ScrapeConfig& c) { return c.job_name == it->first; });
    if (stays) {
      ++it;
      continue;
    }
    it->second.pool->retire_all();
    metrics.remove_pool(it->first);
    it = jobs.erase(it);
  }
}

void ScrapeManager::State::refresh_gauges() {
  MutexLock lock(mutex);
  for (const auto& [name, job] : jobs) {
    size_t entries = 0, bytes = 0;
    for (const auto& [hash, target] : job.pool->targets()) {
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
  registry.gauge("prometheus_sd_failed_configs",
                 "Current number of service discovery configurations that failed to load.",
                 {{"name", "scrape"}});
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
  std::vector<DiscoveryWatcher::Watched> watched;
  std::vector<Discovered> found;
  for (const ScrapeConfig& scrape_config : config->scrape_configs) {
    found.push_back(discover(scrape_config, state_->options.config_dir, state_->metrics.registry));
  }
  {
    MutexLock lock(state_->mutex);
    if (state_->stopped) return;
    const uint64_t generation = ++state_->generation;
    const uint64_t seed = schedule_seed(hostname(), config->global.external_labels);
    state_->retire_missing(*config);
    for (size_t c = 0; c < found.size(); ++c) {
      const ScrapeConfig& scrape_config = config->scrape_configs[c];
      const std::string& name = scrape_config.job_name;
      const std::shared_ptr<const ScrapeConfig> shared(config, &scrape_config);
      Job& job = state_->jobs[name];
      if (job.pool == nullptr) {
        state_->metrics.pools.add();
        job.pool = std::make_unique<ScrapePool>(shared, state_->loop, state_->metrics, seed);
      } else if (!(job.pool->config() == scrape_config)) {
        job.pool->reload(shared);
      }
      job.groups = std::move(found[c].groups);
      for (size_t i = 0; i < found[c].discoveries.size(); ++i) {
        watched.push_back({std::move(found[c].discoveries[i]),
                           [state = state_.get(), generation, name, i](std::vector<TargetGroup> groups) {
                             state->update(generation, name, i, std::move(groups));
                           }});
      }
      state_->sync(job);
    }
  }
  state_->watcher.watch(std::move(watched));
}

void ScrapeManager::stop() {
  {
    MutexLock lock(state_->mutex);
    state_->stopped = true;
  }
  state_->watcher.stop();
  state_->loop.stop();
}

std::vector<TargetStatus> ScrapeManager::active_targets() const {
  std::vector<TargetStatus> all;
  MutexLock lock(state_->mutex);
  for (const auto& [name, job] : state_->jobs) {
    const size_t first = all.size();
    for (const auto& [hash, target] : job.pool->targets()) all.push_back(target->status());
    std::sort(all.begin() + static_cast<ptrdiff_t>(first), all.end(),
              [](const TargetStatus& a, const TargetStatus& b) { return a.labels < b.labels; });
  }
  return all;
}

std::vector<DroppedTarget> ScrapeManager::dropped_targets() const {
  std::vector<DroppedTarget> all;
  MutexLock lock(state_->mutex);
  for (const auto& [name, job] : state_->jobs) {
    for (const Labels& labels : job.pool->dropped()) all.push_back({name, labels});
  }
  return all;
}

std::vector<std::string> ScrapeManager::scrape_pools() const {
  std::vector<std::string> names;
  MutexLock lock(state_->mutex);
  for (const auto& [name, job] : state_->jobs) names.push_back(name);
  return names;
}

std::vector<TargetMetadata> ScrapeManager::metadata(const std::string& metric) const {
  std::vector<TargetMetadata> all;
  MutexLock lock(state_->mutex);
  for (const auto& [name, job] : state_->jobs) {
    for (const auto& entry : job.pool->targets()) {
      const Target& target = *entry.second;
      target.metadata.each(metric, [&](const std::string& family, const Metadata& metadata) {
        all.push_back({target.labels(), family, metadata});
      });
    }
  }
  return all;
}

}  // namespace hearth
