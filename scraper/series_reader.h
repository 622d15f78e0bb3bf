// One body -> Batch: the hot path. Recognised lines cost a fingerprint and a number; the others are
// parsed, relabelled and interned.
#pragma once

#include <vector>

#include "config/config.h"
#include "core/storage.h"
#include "scraper/line_cache.h"
#include "scraper/metadata_table.h"

namespace hearth {

enum class ExpositionFormat { kText, kOpenMetrics };

struct ReadCounts {
  size_t total = 0;         // samples in the body
  size_t added = 0;         // of them, not dropped by relabelling
  size_t series_added = 0;  // of them, not known from the last body
  size_t duplicates = 0;    // the same line twice
  size_t out_of_bounds = 0;  // explicit times too far in the future
  size_t out_of_order = 0;   // explicit times that go back within the body
  size_t refused = 0;        // of series that are new, while memory is short
  bool sample_limit_exceeded = false;
};

// What a body is read into and with. `lines` and `metadata` are the target's.
struct ReadTask {
  const Body& body;
  ExpositionFormat format;
  TimeMs time;          // of samples without a timestamp
  TimeMs latest_time;   // later timestamps are out of bounds
  LabelsView target;    // the target's public labels
  const ScrapeConfig& config;
  Appender& appender;
  LineCache& lines;
  MetadataTable& metadata;
  SeriesSource& source;
  bool tell_metadata = false;  // of series that are new, or whose metadata has changed
};

// Appends the samples to `batch` and the vanished series to `stale`. Fills `counts` as far as it comes.
// Throws Error(kBadData) where the body is malformed or breaks a limit: then the whole scrape fails,
// `batch` is to be thrown away, and the lines are as before. Returns whether comments have vanished.
// Thread-safe for different targets.
bool read_series(const ReadTask& task, Batch& batch, std::vector<SeriesRef>& stale, ReadCounts& counts);

// The families that the comments of a body name, sorted.
std::vector<std::string> families_of(const Body& body, ExpositionFormat format);

}  // namespace hearth
