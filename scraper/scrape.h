// One scrape as a unit of work, from the bytes that came to one commit: samples, staleness markers and
// report succeed or fail together.
#pragma once

#include <memory>
#include <string>

#include "core/clock.h"
#include "core/storage.h"
#include "scraper/failure_log.h"
#include "scraper/scrape_metrics.h"
#include "scraper/target.h"

namespace hearth {

// What came over the wire.
struct FetchedBody {
  std::string error;  // why there is no response; "" = there is one
  std::string content_type;
  bool forced = false;  // the scrape was not tried
  bool gzip = false;
  bool too_large = false;  // the transfer was ended at body_size_limit
  std::string bytes;
};

struct ScrapeTiming {
  TimeMs time = 0;           // of the samples
  TimeMs start = 0;          // wall clock
  int64_t start_nanos = 0;   // monotonic
  int64_t held_nanos = 0;    // that the body waited for the storage: no part of the scrape's duration
};

// Where scrapes go. What it refers to must outlive it.
struct ScrapeSink {
  Appender& appender;
  const Clock& clock;
  const ScrapeMetrics& metrics;
  bool tell_metadata = false;  // ScraperOptions::tell_metadata
  bool extra_metrics = false;  // ScraperOptions::extra_metrics
  FailureLog* failures = nullptr;
  bool zeros_at_creation = false;     // ScraperOptions::zeros_at_creation
  bool type_and_unit_labels = false;  // ScraperOptions::type_and_unit_labels
};

// A body of so many bytes is too large, compressed or not: body_size_limit, and 1 GiB without it.
size_t max_body_bytes(const ScrapeConfig& config);

// Throws only what the storage throws; the target's status is up to date all the same.
// Thread-safe for different targets.
void finish_scrape(Target& target, const ScrapePlan& plan, FetchedBody fetched,
                   const ScrapeTiming& timing, const ScrapeSink& sink);

// The target is gone: stale markers for all its series and its report, at `time`. Where the series have
// been taken over by another target since, the markers are out of order and vanish.
void end_target(Target& target, TimeMs time, const ScrapeSink& sink);

}  // namespace hearth
