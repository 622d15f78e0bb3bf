// The process dies at the n-th thing it does to the disk, for every n of a small life with samples
// out of order: afterwards all that was acknowledged is there, and nothing else.
#include <doctest/doctest.h>

#include <map>

#include "core/log.h"
#include "tests/tsdb/crash.h"
#include "tests/tsdb/db_fixture.h"
#include "tests/tsdb/head_fixture.h"
#include "tsdb/block_meta.h"
#include "tsdb/wal_format.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kMinute = 60'000;
constexpr DurationMs kHour = 60 * kMinute;
constexpr TimeMs kStart = 1'700'000'000'000 / kHour * kHour;

using Samples = std::map<std::pair<int, TimeMs>, double>;

// One machine, with its disk.
struct Machine : DbFixture {
  Samples stored;     // acknowledged
  Samples in_flight;  // what it was told last, if that was not acknowledged

  Machine() : DbFixture(kStart) {
    options.min_block_duration = kHour;
    options.wal_segment_bytes = kWalPageBytes;
    options.live.out_of_order_window = 10 * kHour;
  }
  void append(const Samples& samples) {
    Batch batch;
    in_flight = samples;
    for (const auto& [at, value] : samples)
      batch.push(db->appender().intern(series_labels(at.first)), at.second, value);
    const AppendResult result = db->appender().append(batch);
    REQUIRE(result.stored == samples.size());
    stored.insert(samples.begin(), samples.end());
    in_flight.clear();
  }
  Samples read() {
    Samples found;
    Budget budget(0);
    const auto querier = db->querier({});
    const auto set = querier->select({}, {{}}, budget);
    for (size_t i = 0; i < set->size(); ++i) {
      Columns columns;
      set->read(i, {}, columns);
      int series = 0;
      while (!(series_labels(series) == Labels(set->labels(i)))) ++series;
      for (size_t k = 0; k < columns.t.size(); ++k) found[{series, columns.t[k]}] = columns.v[k];
    }
    return found;
  }
};

// Scrapes every fifteen minutes for four hours; late samples, some runs of which become full;
// compactions, a restart. Throws when the disk does.
void live(Machine& machine) {
  machine.open();
  for (int round = 0; round < 16; ++round) {
    machine.clock.advance(15 * kMinute);
    const TimeMs now = machine.clock.now();
    Samples scrape;
    for (int series = 0; series < 3; ++series) scrape[{series, now}] = round;
    machine.append(scrape);
    Samples late;
    for (int i = 0; i < (round % 5 == 0 ? 40 : 2); ++i) {
      const TimeMs t = now - (round % 3) * kHour - 1000 - i * 30'000;
      late[{round % 4, t}] = static_cast<double>(t % 100'003);
    }
    machine.append(late);
    if (round == 10) machine.open();
    if (machine.db->maintenance_due()) machine.db->maintain();
  }
  machine.close();
}

}  // namespace

TEST_CASE("whenever the machine stops, late samples that were acknowledged are there") {
  set_log_level(LogLevel::kError);
  set_log_sink([](std::string_view) {});
  size_t last = 0;
  bool died = true;
  for (; died; ++last) {
    CAPTURE(last);
    Machine machine;
    died = live_until(
        last, [&] { live(machine); }, [&] { machine.close(); });
    machine.open();
    const Samples found = machine.read();
    for (const auto& stored : machine.stored) {
      const auto& at = stored.first;
      const auto sample = found.find(at);
      REQUIRE_MESSAGE(sample != found.end(), "lost: series ", at.first, " at ", at.second);
      REQUIRE(sample->second == stored.second);
    }
    for (const auto& sample : found) {
      const auto& at = sample.first;
      const bool known = machine.stored.count(at) != 0 || machine.in_flight.count(at) != 0;
      REQUIRE_MESSAGE(known, "never brought: series ", at.first, " at ", at.second);
    }
    // Life goes on.
    machine.clock.advance(kMinute);
    machine.append({{{1, machine.clock.now()}, 1}, {{2, machine.clock.now() - 2 * kHour - 7}, 2}});
    const Samples before = machine.read();
    machine.open();
    REQUIRE(machine.read() == before);
  }
  CHECK(last > 100);
  set_log_sink(nullptr);
}

TEST_CASE("a small life leaves blocks that say they come from samples out of order") {
  set_log_level(LogLevel::kError);
  Machine machine;
  size_t from_out_of_order = 0;
  machine.open();
  live(machine);
  for (const std::string& name : list_dir(machine.dir.path())) {
    if (name.size() != 26) continue;
    const BlockMeta meta = read_block_meta(machine.dir.path() + "/" + name);
    from_out_of_order += is_from_out_of_order(meta) ? 1 : 0;
  }
  CHECK(from_out_of_order > 0);
  machine.open();
  CHECK(machine.read() == machine.stored);
}
