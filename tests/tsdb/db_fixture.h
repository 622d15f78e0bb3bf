// A database in a directory of its own, with a clock that tests turn.
#pragma once

#include <memory>

#include "core/clock.h"
#include "core/file.h"
#include "core/metrics.h"
#include "core/threads.h"
#include "tsdb/db.h"

namespace hearth::tsdb {

struct DbFixture {
  explicit DbFixture(TimeMs start, Options db_options = {}, size_t workers = 1)
      : options(std::move(db_options)), clock(start), pool(workers) {}

  // For the first time, or as after a clean stop.
  void open() {
    close();
    db = std::make_unique<Db>(dir.path(), options, clock, pool, registry);
  }
  void close() { db.reset(); }

  TempDir dir;
  Options options;
  FakeClock clock;
  Pool pool;
  Registry registry;  // of all that were opened
  std::unique_ptr<Db> db;
};

}  // namespace hearth::tsdb
