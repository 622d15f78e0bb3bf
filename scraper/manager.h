// The scraper's door: scrapes what a configuration says, into an Appender.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "core/storage.h"
#include "core/threads.h"

namespace hearth {

enum class TargetHealth { kUnknown, kUp, kDown };

// One target as /api/v1/targets shows it.
struct TargetStatus {
  std::string scrape_pool;    // job_name
  Labels discovered_labels;   // before relabelling
  Labels labels;              // after; without __ labels
  std::string scrape_url, global_url;
  std::string last_error;
  TimeMs last_scrape = 0;     // 0 = never
  double last_scrape_duration_seconds = 0;
  TargetHealth health = TargetHealth::kUnknown;
  DurationMs scrape_interval = 0, scrape_timeout = 0;
};

struct DroppedTarget {
  std::string scrape_pool;
  Labels discovered_labels;
};

// One metric family's metadata, as a target exposes it.
struct TargetMetadata {
  Labels target;
  std::string metric;
  Metadata metadata;
};

struct ScraperOptions {
  std::string user_agent = "Prometheus/3.14.0";
  TimeMs timestamp_tolerance = 2;  // ms; scrapes this near their schedule get the scheduled time
  bool adjust_timestamps = true;
  bool tell_metadata = false;  // to the storage, of series that are new or whose metadata changes
  bool extra_metrics = false;  // extra_scrape_metrics in every job
  bool zeros_at_creation = false;     // a sample of 0 where a counter says that it was created
  bool type_and_unit_labels = false;  // __type__ and __unit__
  std::string config_dir = ".";    // base of relative paths
  // Whether the storage takes samples; empty: it does. Until then some bodies are held back, in memory.
  std::function<bool()> storage_takes;
};

// Thread-safe.
class ScrapeManager {
 public:
  // All references must outlive it. Makes its own I/O thread; bodies are worked on in `pool`.
  ScrapeManager(const ScraperOptions& options, Appender& appender, Pool& pool, const Clock& clock,
                Registry& registry);
  ~ScrapeManager();  // stops

  // Starts, or changes to another configuration; unchanged targets go on undisturbed. Series of
  // targets that are gone are marked stale.
  void apply(std::shared_ptr<const Config> config);

  // Ends all scraping; no staleness markers are written (the next start goes on). Idempotent.
  void stop();

  std::vector<TargetStatus> active_targets() const;    // by scrape pool, then by labels
  std::vector<DroppedTarget> dropped_targets() const;  // as many as keep_dropped_targets says
  std::map<std::string, size_t> dropped_counts() const;  // by scrape pool, with those that are not kept
  std::shared_ptr<const ScrapeConfig> pool_config(const std::string& name) const;  // nullptr: no such pool
  std::vector<std::string> scrape_pools() const;       // sorted
  // What the active targets say of their metrics. `metric` "" = all.
  std::vector<TargetMetadata> metadata(const std::string& metric) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
