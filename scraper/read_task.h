// What a body is read into and with, and what came of it.
#pragma once

#include <vector>

#include "config/config.h"
#include "core/storage.h"
#include "scraper/body.h"
#include "scraper/line_cache.h"
#include "scraper/metadata_table.h"
#include "scraper/native_histogram.h"

namespace hearth {

enum class ExpositionFormat { kText, kOpenMetrics, kProtobuf };

struct ReadCounts {
  size_t total = 0;         // samples in the body
  size_t added = 0;         // of them, not dropped by relabelling
  size_t series_added = 0;  // of them, not known from the last body
  size_t duplicates = 0;    // the same line twice without a time
  size_t out_of_bounds = 0;  // explicit times too far in the future
  size_t refused = 0;        // of series that are new, while memory is short
  size_t over_series_limit = 0;  // of series that are new, beyond series_limit
  size_t zeros = 0, zero_histograms = 0;  // begin the batch: nobody exposed them, so nobody misses them
  bool sample_limit_exceeded = false, bucket_limit_exceeded = false;
  bool lines_forgotten = false;  // bodies that fail brought too many lines since the last good one
  std::vector<SeriesRef> new_with_time;  // series that are new and whose samples have a time of their own
};

// What --enable-feature switches on.
struct ReadFeatures {
  bool tell_metadata = false;  // of series that are new, or whose metadata has changed
  bool zeros_at_creation = false;     // a sample of 0 where a counter says that it was created
  bool type_and_unit_labels = false;  // __type__ and __unit__
};

// `lines`, `metadata` and `source` are the target's.
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
  ReadFeatures features = {};
  HistogramOptions histograms = {};
  TimeMs previous_time = 0;  // of the target's last body
};

}  // namespace hearth
