// Scrapes of a database that its tests can foretell.
#pragma once

#include <memory>

#include "tests/tsdb/block_data.h"
#include "tsdb/db.h"

namespace hearth::tsdb {

inline Labels scraped_labels(int series) {
  return Labels{{"__name__", "metric"}, {"series", std::to_string(series)}};
}

// Scrape number `n`, at `t`: appended to the database and to the model. Returns how many samples were
// stored.
inline size_t scrape(Db& db, Model& model, int64_t n, TimeMs t, int series) {
  Batch batch;
  for (int s = 0; s < series; ++s) {
    const auto value = static_cast<double>(n * s);
    batch.push(db.appender().intern(scraped_labels(s)), t, value);
    model[scraped_labels(s)].push_back({t, value});
  }
  return db.appender().append(batch).stored;
}

}  // namespace hearth::tsdb
