#include "scraper/discovery/discoveries.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "core/error.h"
#include "core/log.h"
#include "core/mutex.h"
#include "core/threads.h"
#include "scraper/discovery/kubernetes_api.h"
#include "scraper/discovery/mechanisms.h"
#include "scraper/discovery/watcher.h"

namespace hearth {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kInterval{500};  // between deliveries

const MetricLabels kName = {{"name", "scrape"}};
MetricLabels of_job(const std::string& job) { return {{"config", job}, {"name", "scrape"}}; }
constexpr const char* kDiscovered = "prometheus_sd_discovered_targets";
constexpr const char* kLastUpdate = "prometheus_sd_last_update_timestamp_seconds";

struct Metrics {
  explicit Metrics(Registry& r)
      : registry(r),
        failed(r.gauge("prometheus_sd_failed_configs",
                       "Current number of service discovery configurations that failed to load.",
                       kName)),
        received(r.counter("prometheus_sd_received_updates_total",
                           "Total number of update events received from the SD providers.", kName)),
        delayed(r.counter("prometheus_sd_updates_delayed_total",
                          "Total number of update events that couldn't be sent immediately.",
                          kName)),
        sent(r.counter("prometheus_sd_updates_total",
                       "Total number of update events sent to the SD consumers.", kName)) {}
  Gauge discovered(const std::string& job) const {
    return registry.gauge(kDiscovered, "Current number of discovered targets.", of_job(job));
  }
  Gauge last_update(const std::string& job) const {
    return registry.gauge(kLastUpdate, "Timestamp of the last update sent to the SD consumers.",
                          of_job(job));
  }
  void remove(const std::string& job) const {
    registry.remove(kDiscovered, of_job(job));
    registry.remove(kLastUpdate, of_job(job));
  }

  Registry& registry;
  Gauge failed;
  Counter received, delayed, sent;
};

// A discovery with those who want to know.
struct Provider {
  DiscoveryConfig config;
  std::unique_ptr<Discovery> discovery;
  std::set<std::string> jobs;
  std::map<std::string, std::shared_ptr<const TargetGroup>> groups;  // by source
  size_t targets = 0;                                                // of all groups
};

}  // namespace

struct Discoveries::State {
  State(std::string d, Registry& registry, Deliver f)
      : dir(std::move(d)), metrics(registry), deliver(std::move(f)), kubernetes(registry) {}

  void run();
  void received(size_t id, std::vector<TargetGroup> groups);
  void subscribe(const std::string& job, const DiscoveryConfig& config, std::vector<size_t>& added)
      REQUIRES(mutex);
  std::vector<std::unique_ptr<Discovery>> unsubscribe(
      const std::map<size_t, std::set<std::string>>& before) REQUIRES(mutex);
  void make(size_t id);
  std::vector<GroupChange> take_changes() REQUIRES(mutex);
  void count(const std::vector<GroupChange>& changes) REQUIRES(mutex);

  const std::string dir;
  const Metrics metrics;
  const Deliver deliver;
  Mutex mutex;
  CondVar changed;    // for the thread
  CondVar delivered;  // for apply()
  std::map<size_t, Provider> providers GUARDED_BY(mutex);
  size_t next_id GUARDED_BY(mutex) = 0;
  std::set<std::string> jobs GUARDED_BY(mutex);
  std::vector<GroupChange> pending GUARDED_BY(mutex);  // of subscriptions; they go first
  std::map<size_t, std::set<std::string>> pending_sources GUARDED_BY(mutex);
  uint64_t wanted GUARDED_BY(mutex) = 0, done GUARDED_BY(mutex) = 0;  // calls of apply()
  bool delivering GUARDED_BY(mutex) = false;
  bool stopping GUARDED_BY(mutex) = false;
  DiscoveryWatcher watcher;
  KubernetesApi kubernetes;
  std::thread thread;
};

// ---- what discoveries say ----------------------------------------------------------------------

void Discoveries::State::received(size_t id, std::vector<TargetGroup> groups) {
  MutexLock lock(mutex);
  metrics.received.add();
  const auto found = providers.find(id);
  if (found == providers.end()) return;
  Provider& provider = found->second;
  for (TargetGroup& group : groups) {
    std::shared_ptr<const TargetGroup>& known = provider.groups[group.source];
    if (known != nullptr && *known == group) continue;
    if (known != nullptr) provider.targets -= known->targets.size();
    provider.targets += group.targets.size();
    pending_sources[id].insert(group.source);
    known = std::make_shared<const TargetGroup>(std::move(group));
  }
  if (delivering) metrics.delayed.add();
  changed.notify_all();
}

std::vector<GroupChange> Discoveries::State::take_changes() {
  std::vector<GroupChange> changes = std::move(pending);
  pending.clear();
  for (const auto& [id, sources] : pending_sources) {
    const auto found = providers.find(id);
    if (found == providers.end()) continue;
    Provider& provider = found->second;
    for (const std::string& source : sources) {
      const auto group = provider.groups.find(source);
      for (const std::string& job : provider.jobs) changes.push_back({job, id, group->second});
      if (group->second->targets.empty()) provider.groups.erase(group);
    }
  }
  pending_sources.clear();
  return changes;
}

void Discoveries::State::count(const std::vector<GroupChange>& changes) {
  std::set<std::string> touched;
  for (const GroupChange& change : changes) touched.insert(change.job);
  const double now = static_cast<double>(system_clock().now()) / 1000;
  for (const std::string& job : touched) {
    if (!jobs.contains(job)) continue;
    size_t targets = 0;
    for (const auto& [id, provider] : providers) {
      if (provider.jobs.contains(job)) targets += provider.targets;
    }
    metrics.discovered(job).set(static_cast<double>(targets));
    metrics.last_update(job).set(now);
  }
}

void Discoveries::State::run() {
  name_thread("discovery-sync");
  Steady::time_point last = Steady::now() - kInterval;
  for (;;) {
    std::vector<GroupChange> changes;
    uint64_t answers = 0;
    {
      MutexLock lock(mutex);
      for (;;) {
        if (stopping) return;
        if (wanted > done) break;
        const auto left = last + kInterval - Steady::now();
        if (pending_sources.empty() && pending.empty()) {
          changed.wait(mutex);
        } else if (left.count() > 0) {
          changed.wait_for(mutex, left);
        } else {
          break;
        }
      }
      answers = wanted;
      changes = take_changes();
      count(changes);
      delivering = true;
    }
    guard("discovery", [&] { deliver(changes); });
    metrics.sent.add();
    last = Steady::now();
    MutexLock lock(mutex);
    delivering = false;
    done = answers;
    delivered.notify_all();
  }
}

// ---- what the configuration says ---------------------------------------------------------------

void Discoveries::State::subscribe(const std::string& job, const DiscoveryConfig& config,
                                   std::vector<size_t>& added) {
  const auto known = std::find_if(providers.begin(), providers.end(),
                                  [&](const auto& entry) { return entry.second.config == config; });
  if (known == providers.end()) {
    added.push_back(next_id);
    Provider& provider = providers[next_id++];
    provider.config = config;
    provider.jobs.insert(job);
    return;
  }
  auto& [id, provider] = *known;
  provider.jobs.insert(job);
}

// Ends subscriptions that were and no longer are, begins those that were not; gives back the
// discoveries that nobody wants any more.
std::vector<std::unique_ptr<Discovery>> Discoveries::State::unsubscribe(
    const std::map<size_t, std::set<std::string>>& before) {
  std::vector<std::unique_ptr<Discovery>> ended;
  for (const auto& [id, jobs_before] : before) {
    Provider& provider = providers[id];
    for (const std::string& job : jobs_before) {
      if (!provider.jobs.contains(job)) pending.push_back({job, id, nullptr});
    }
    for (const std::string& job : provider.jobs) {
      if (jobs_before.contains(job)) continue;
      for (const auto& [source, group] : provider.groups) pending.push_back({job, id, group});
    }
    if (!provider.jobs.empty()) continue;
    ended.push_back(std::move(provider.discovery));
    providers.erase(id);
  }
  return ended;
}

// Discoveries are made and started without the lock: they tell what they know at once.
void Discoveries::State::make(size_t id) {
  std::string job;
  DiscoveryConfig config;
  {
    MutexLock lock(mutex);
    job = *providers[id].jobs.begin();
    config = providers[id].config;
  }
  std::unique_ptr<Discovery> discovery;
  try {
    DiscoveryContext context{job, dir, metrics.registry, watcher};
    context.kubernetes = &kubernetes;
    discovery = make_discovery(config, context);
    discovery->start(
        [this, id](std::vector<TargetGroup> groups) { received(id, std::move(groups)); });
  } catch (const Error& error) {
    discovery.reset();
    metrics.failed.add(1);
    log_error("Cannot create service discovery", "component", "discovery manager scrape", "err",
              error.what(), "type", mechanism_name(config), "config", job);
  }
  MutexLock lock(mutex);
  if (discovery == nullptr) {
    providers.erase(id);
  } else {
    providers[id].discovery = std::move(discovery);
  }
}

Discoveries::Discoveries(std::string dir, Registry& registry, Deliver deliver)
    : state_(std::make_unique<State>(std::move(dir), registry, std::move(deliver))) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Discoveries::~Discoveries() { stop(); }

void Discoveries::apply(const Config& config) {
  std::vector<size_t> added;
  std::vector<std::unique_ptr<Discovery>> ended;
  state_->metrics.failed.set(0);
  {
    MutexLock lock(state_->mutex);
    if (state_->stopping) return;
    std::map<size_t, std::set<std::string>> before;
    for (auto& [id, provider] : state_->providers) before[id] = std::exchange(provider.jobs, {});
    std::set<std::string> gone = std::exchange(state_->jobs, {});
    for (const ScrapeConfig& scrape : config.scrape_configs) {
      state_->jobs.insert(scrape.job_name);
      gone.erase(scrape.job_name);
      for (const DiscoveryConfig& wanted : split(scrape)) {
        state_->subscribe(scrape.job_name, wanted, added);
      }
    }
    for (const std::string& job : gone) state_->metrics.remove(job);
    for (const std::string& job : state_->jobs) state_->metrics.discovered(job);
    ended = state_->unsubscribe(before);
  }
  ended.clear();  // without the lock: a last update of theirs takes it
  for (const size_t id : added) state_->make(id);
  MutexLock lock(state_->mutex);
  const uint64_t mine = ++state_->wanted;
  state_->changed.notify_all();
  while (state_->done < mine && !state_->stopping) state_->delivered.wait(state_->mutex);
}

void Discoveries::stop() {
  std::map<size_t, Provider> ended;
  {
    MutexLock lock(state_->mutex);
    if (state_->stopping) return;
    state_->stopping = true;
    state_->changed.notify_all();
    state_->delivered.notify_all();
    ended.swap(state_->providers);
  }
  state_->thread.join();
}

}  // namespace hearth
