// The parallel replay against the rules, record by record.
#include <doctest/doctest.h>

#include <random>

#include "tests/tsdb/head_fixture.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_writer.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// Writes a log of random scrapes and knows what has to be in a head that reads it. Series die and
// come back under other refs.
class RandomLog {
 public:
  RandomLog(const std::string& dir, uint64_t seed) : random_(seed), writer_(dir, 0, 64 << 10) {
    refs_.resize(kSeries);
    last_.assign(kSeries, kMinTime);
  }

  Model write(int scrapes) {
    for (int scrape = 0; scrape < scrapes; ++scrape) {
      SeriesRecord series;
      SamplesRecord samples;
      samples.reserve(kSeries);
      const size_t first = random_() % kSeries;
      const size_t end = std::min(kSeries, first + 1 + random_() % 200);
      for (size_t i = first; i < end; ++i) {
        if (refs_[i] == 0 || random_() % 50 == 0) {
          // Not always ascending, as when many scrapes make series at the same time.
          next_ref_ += 4;
          refs_[i] = next_ref_ + (random_() % 2 == 0 ? 0 : 5);
          series.add(refs_[i], series_labels(static_cast<int>(i)));
        }
        add_sample(i, samples);
      }
      if (random_() % 10 == 0) samples.add(1'000'000'000 + random_() % 100, 1, 1);  // unknown
      if (!series.empty()) write(series.take());
      write(samples.take());
    }
    writer_.close();
    return std::move(model_);
  }

 private:
  void add_sample(size_t i, SamplesRecord& samples) {
    // Now and then one that is older than the newest, or as old: it is not taken.
    const TimeMs t = last_[i] == kMinTime ? static_cast<TimeMs>(1000 + random_() % 1000)
                                          : last_[i] + static_cast<TimeMs>(random_() % 60) - 3;
    const auto v = static_cast<double>(random_() % 1000);
    samples.add(refs_[i], t, v);
    if (t <= last_[i]) return;
    last_[i] = t;
    model_[series_labels(static_cast<int>(i))].emplace_back(t, v);
  }
  void write(std::string record) {
    const auto compression = static_cast<WalCompression>(random_() % 3);
    writer_.add(make_wal_record(std::move(record), compression));
    writer_.flush();
  }

  static constexpr size_t kSeries = 1000;
  std::mt19937_64 random_;
  WalWriter writer_;
  std::vector<uint64_t> refs_;
  std::vector<TimeMs> last_;
  uint64_t next_ref_ = 0;
  Model model_;
};

}  // namespace

TEST_CASE("any number of workers makes the same head of the same log") {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    for (const size_t workers : {0, 1, 2, 7}) {
      CAPTURE(seed);
      CAPTURE(workers);
      HeadFixture f(workers);
      make_dirs(f.wal_dir());
      const Model expected = RandomLog(f.wal_dir(), seed).write(300);
      f.open();
      CHECK(f.read() == expected);
      // And once more, with a log of several starts.
      CHECK(f.append(series_labels(1), 100'000, 1).stored == 1);
      Model more = expected;
      more[series_labels(1)].emplace_back(100'000, 1);
      f.open();
      CHECK(f.read() == more);
    }
  }
}
