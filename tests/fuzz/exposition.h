// What the fuzzers of the exposition formats do with their input.
#pragma once

#include <cstdlib>
#include <string>

#include "core/error.h"
#include "scraper/series_reader.h"
#include "tests/scraper/fake_appender.h"

namespace hearth {

// A body of any bytes is read or refused, twice the same: the second time through the line cache. Options
// and features hang on its length, so that all of them have their turn.
inline void read_twice(const uint8_t* data, size_t size, ExpositionFormat format) {
  const Body body{std::string(reinterpret_cast<const char*>(data), size)};
  ScrapeConfig config;
  config.native_histogram_bucket_limit = size % 3 == 0 ? 2 : 0;
  const HistogramOptions options{size % 2 == 0, size % 5 == 0, size % 7 < 3};
  const ReadFeatures features{size % 11 == 0, size % 13 < 4, size % 17 < 4};
  const Labels target{{"job", "fuzz"}};
  FakeAppender appender;
  LineCache lines;
  MetadataTable metadata;
  SeriesSource source("fuzz");
  const ReadTask task{body,  format,   1000,   kMaxTime, target,  config, appender,
                      lines, metadata, source, features, options, 0};
  size_t sizes[2] = {};
  for (size_t& read : sizes) {
    Batch batch;
    std::vector<SeriesRef> stale;
    ReadCounts counts;
    try {
      read_series(task, batch, stale, counts);
    } catch (const Error&) {
      return;
    }
    read = batch.size() + batch.histograms.size() - counts.zeros - counts.zero_histograms;
  }
  if (sizes[0] != sizes[1]) std::abort();
}

}  // namespace hearth
