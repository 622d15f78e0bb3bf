// What the fuzzers of the two text formats do with their input.
#pragma once

#include <cstdlib>
#include <string>

#include "core/error.h"
#include "scraper/series_reader.h"
#include "tests/scraper/fake_appender.h"

namespace hearth {

// A body of any bytes is read or refused, twice the same: the second time through the line cache.
inline void read_twice(const uint8_t* data, size_t size, ExpositionFormat format) {
  const Body body{std::string(reinterpret_cast<const char*>(data), size)};
  const ScrapeConfig config;
  const Labels target{{"job", "fuzz"}};
  FakeAppender appender;
  LineCache lines;
  MetadataTable metadata;
  SeriesSource source("fuzz");
  const ReadTask task{body, format, 1000, 2000, target, config, appender, lines, metadata, source};
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
    read = batch.size();
  }
  if (sizes[0] != sizes[1]) std::abort();
}

}  // namespace hearth
