// The series that a scrape makes about itself: up, scrape_duration_seconds and the others.
#pragma once

#include <array>

#include "config/config.h"
#include "core/storage.h"
#include "scraper/series_reader.h"

namespace hearth {

inline constexpr size_t kReportSeries = 8;

struct ScrapeReport {
  bool up = false;
  double duration_seconds = 0;
  ReadCounts counts;
  double body_bytes = 0;  // -1: over the limit
  DurationMs timeout = 0;
  bool added_later = false;  // how many series have been added is known only once they are stored
};

struct ScrapeSink;

// The refs are looked up where they are 0. extra_scrape_metrics decides how many series there are.
void append_report(const ScrapeReport& report, LabelsView target, const ScrapeConfig& config, TimeMs time,
                   const ScrapeSink& sink, std::array<SeriesRef, kReportSeries>& refs, Batch& batch);

// The sample of scrape_series_added that append_report() has left out as report.added_later.
void append_series_added(const ScrapeReport& report, TimeMs time,
                         const std::array<SeriesRef, kReportSeries>& refs, Batch& batch);

}  // namespace hearth
