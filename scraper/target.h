// One thing to scrape: who it is, what is known of its series, how its last scrape went.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/labels.h"
#include "core/mutex.h"
#include "core/series_source.h"
#include "scraper/line_cache.h"
#include "scraper/manager.h"
#include "scraper/metadata_table.h"
#include "scraper/read_task.h"
#include "scraper/report.h"

namespace hearth {

// A discovered label set with what the job says of each target; what relabelling begins with.
Labels with_job_defaults(LabelsView discovered, const ScrapeConfig& config);

// What a discovered label set becomes by a job's defaults and relabel_configs.
struct ResolvedTarget {
  Labels discovered;             // with the job's defaults, before relabelling
  std::optional<Labels> labels;  // with __address__ and the like; nullopt = dropped
};

// Throws Error(kBadData) in Prometheus' words for a target that cannot be scraped.
ResolvedTarget resolve_target(LabelsView discovered, const ScrapeConfig& config);

// The URL that labels and parameters of a target make.
std::string target_url(LabelsView labels, const ScrapeConfig& config);

// What one scrape works with, however the configuration changes meanwhile.
struct ScrapePlan {
  std::shared_ptr<const ScrapeConfig> config;
  bool lines_outdated = false;  // rules for series have changed: all lines are to be resolved anew
  std::string forced_error;     // the scrape fails with this text without being tried; "" = it is tried
};

// Identity and status are thread-safe; `scrape` belongs to whoever scrapes it at the moment: one thread
// at a time.
class Target {
 public:
  // `labels` as resolve_target() gives them.
  Target(Labels discovered, const Labels& labels, std::shared_ptr<const ScrapeConfig> config);

  const Labels& labels() const { return labels_; }  // public ones: none begins with __
  const std::string& url() const { return url_; }
  const std::string& unix_socket() const { return unix_socket_; }  // "" = the URL's host is asked
  uint64_t hash() const { return hash_; }  // equal to Prometheus'
  DurationMs interval() const { return interval_; }
  DurationMs timeout() const { return timeout_; }
  // What the job says, unless the target's labels say otherwise.
  HistogramOptions histograms(const ScrapeConfig& config) const;

  // What the next scrape works with.
  ScrapePlan plan();
  void set_config(Labels discovered, std::shared_ptr<const ScrapeConfig> config);
  void set_forced_error(std::string text);

  // `warning`: what went wrong though the target is up.
  void report(TimeMs start, double duration_seconds, const std::string& error, const std::string& warning = "");
  TargetStatus status() const;

  // What one scrape leaves for the next. One thread at a time.
  struct ScrapeState {
    LineCache lines;
    std::array<SeriesRef, kReportSeries> report_refs{};
    ExpositionFormat format = ExpositionFormat::kText;  // of the last body
    unsigned metadata_outdated_in = 0;  // scrapes until families that vanished are forgotten; 0 = none
    TimeMs last_time = 0;  // of the samples of the last body that was good
    int64_t last_start_nanos = 0;
    size_t last_wire_bytes = 0;  // of the last response
  };
  ScrapeState scrape;
  MetadataTable metadata;
  SeriesSource source;
  bool started = false;  // of the pool: the loop has it

 private:
  const Labels labels_;
  const std::string url_, unix_socket_;
  const uint64_t hash_;
  DurationMs interval_ = 0, timeout_ = 0;
  const std::optional<bool> native_, keep_classic_, convert_classic_;  // as its labels say

  mutable Mutex mutex_;
  Labels discovered_ GUARDED_BY(mutex_);
  std::shared_ptr<const ScrapeConfig> config_ GUARDED_BY(mutex_);
  bool lines_outdated_ GUARDED_BY(mutex_) = false;
  std::string forced_error_ GUARDED_BY(mutex_);
  std::string last_error_ GUARDED_BY(mutex_);
  TimeMs last_scrape_ GUARDED_BY(mutex_) = 0;
  double last_duration_seconds_ GUARDED_BY(mutex_) = 0;
  TargetHealth health_ GUARDED_BY(mutex_) = TargetHealth::kUnknown;
};

}  // namespace hearth
