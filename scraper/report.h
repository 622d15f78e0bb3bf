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
};

struct ScrapeSink;

// The refs are looked up where they are 0. extra_scrape_metrics decides how many series there are.
void append_report(const ScrapeReport& report, LabelsView target, const ScrapeConfig& config, TimeMs time,
                   const ScrapeSink& sink, std::array<SeriesRef, kReportSeries>& refs, Batch& batch);

}  // namespace hearth
