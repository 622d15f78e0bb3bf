// What Hearth writes, read by Prometheus' own tool.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <set>
#include <sstream>

#include "core/file.h"
#include "core/go_text.h"
#include "core/histogram_buckets.h"
#include "tests/tsdb/block_data.h"
#include "tests/tsdb/histograms.h"
#include "tsdb/db.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

std::optional<std::string> promtool() {
  if (const char* named = std::getenv("HEARTH_PROMTOOL")) return named;
  const std::string unpacked = std::string(HEARTH_BINARY_DIR) + "/peers/usr/bin/promtool";
  if (path_exists(unpacked)) return unpacked;
  MESSAGE(
      "skipped: no promtool; name one in HEARTH_PROMTOOL, or run scripts/test, which unpacks "
      "Debian's");
  return std::nullopt;
}

// Its output, stderr included; requires that it succeeds.
std::string run(const std::string& command) {
  std::string output;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 65536> buffer;
  for (size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  INFO(command, " said: ", output.substr(0, 2000));
  REQUIRE(status == 0);
  return output;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// A sample as `promtool tsdb dump` prints it.
std::string dumped(const Labels& labels, const Sample& sample) {
  std::string text = "{";
  for (const Label& label : labels)
    text += fmt::format("{}{}=\"{}\"", text.size() > 1 ? ", " : "", label.name, label.value);
  return fmt::format("{}}} {} {}", text, float_g(sample.v), sample.t);
}

// Blocks of several levels, and a head with a log.
Model write_database(const std::string& dir) {
  constexpr TimeMs kStart = 1'700'000'000'000;
  Model model;
  FakeClock clock(kStart);
  Pool pool(1);
  Registry registry;
  Db db(dir, {}, clock, pool, registry);
  for (; clock.now() < kStart + 13 * 3'600'000; clock.advance(30'000)) {
    Batch batch;
    for (int s = 0; s < 10; ++s) {
      const Labels labels{{"__name__", s % 2 == 0 ? "up" : "requests_total"},
                          {"instance", fmt::format("host-{}:9100", s)},
                          {"job", "node"}};
      const auto step = static_cast<double>((clock.now() - kStart) / 30'000);
      const double value = s == 3 ? 0.1 * step : s == 4 ? -1e-7 * step : step * 1e6 * s;
      batch.push(db.appender().intern(labels), clock.now(), value);
      model[labels].push_back({clock.now(), value});
    }
    REQUIRE(db.appender().append(batch).stored == 10);
    if (db.maintenance_due()) db.maintain();
  }
  return model;
}

}  // namespace

TEST_CASE("promtool lists, analyzes and dumps what Hearth wrote") {
  const auto tool = promtool();
  if (!tool) return;
  TempDir dir;
  const Model model = write_database(dir.path());

  std::set<std::string> blocks;
  for (const std::string& name : list_dir(dir.path())) {
    if (parse_ulid(name)) blocks.insert(name);
  }
  REQUIRE(blocks.size() > 1);
  std::set<std::string> listed;
  for (const std::string& line : lines(run(*tool + " tsdb list " + dir.path())))
    listed.insert(line.substr(0, line.find(' ')));
  for (const std::string& block : blocks) CHECK_MESSAGE(listed.count(block) == 1, block);

  for (const std::string& block : blocks) {
    const std::string analysis = run(*tool + " tsdb analyze " + dir.path() + " " + block);
    CHECK_MESSAGE(analysis.find("Block ID: " + block) != std::string::npos,
                  analysis.substr(0, 500));
    CHECK(analysis.find("Label names: 3\n") != std::string::npos);
    CHECK(analysis.find("Postings (unique label pairs): 13\n") != std::string::npos);
    CHECK(analysis.find("Postings entries (total label pairs): 30\n") != std::string::npos);
  }

  std::multiset<std::string> want;
  for (const auto& [labels, samples] : model) {
    for (const Sample& sample : samples) want.insert(dumped(labels, sample));
  }
  const std::vector<std::string> dump = lines(run(*tool + " tsdb dump " + dir.path()));
  CHECK(dump.size() == want.size());
  CHECK(std::multiset<std::string>(dump.begin(), dump.end()) == want);
}

TEST_CASE("promtool reads the histograms that Hearth wrote") {
  const auto tool = promtool();
  if (!tool) return;
  if (run(*tool + " --version").find("version 2.") != std::string::npos) {
    MESSAGE("skipped: a promtool before 3 knows no custom buckets; name a newer one in HEARTH_PROMTOOL");
    return;
  }
  constexpr TimeMs kStart = 1'700'000'000'000;
  constexpr uint64_t kSeries = 20;
  // One kind for each series: promtool leaves out what comes after a change.
  const auto histograms = [](uint64_t seed) {
    RandomHistograms random(seed);
    std::vector<FloatHistogram> all;
    for (int i = 0; i < 400; ++i) {
      FloatHistogram h = random.next();
      if (h.integer == (seed % 2 == 0)) all.push_back(std::move(h));
    }
    return all;
  };
  // One series for each seed.
  class Series final : public SeriesChunks {
   public:
    explicit Series(std::function<std::vector<FloatHistogram>(uint64_t)> histograms)
        : histograms_(std::move(histograms)) {}
    bool next() override {
      if (++seed_ > kSeries) return false;
      Columns columns;
      columns.histograms = histograms_(seed_);
      for (size_t i = 0; i < columns.histograms.size(); ++i)
        columns.histogram_t.push_back(kStart + static_cast<TimeMs>(i) * 15'000);
      labels_ = Labels{{"__name__", "h"}, {"seed", fmt::format("{:02}", seed_)}};
      chunks_.clear();
      builder_.clear();
      builder_.build(columns, chunks_);
      return true;
    }
    LabelsView labels() const override { return labels_; }
    std::span<const ChunkView> chunks() const override { return chunks_; }

   private:
    const std::function<std::vector<FloatHistogram>(uint64_t)> histograms_;
    uint64_t seed_ = 0;
    Labels labels_;
    ChunkBuilder builder_;
    std::vector<ChunkView> chunks_;
  };
  // As promtool prints them, but for the bounds of the buckets.
  const auto summary = [](const FloatHistogram& h) {
    std::string text = fmt::format("{{count:{}, sum:{}", float_g(h.count), float_g(h.sum));
    for (const HistogramBucket& bucket : all_buckets(h)) {
      if (bucket.count != 0) text += fmt::format(" {}", float_g(bucket.count));
    }
    return text;
  };
  const auto summary_of_line = [](std::string_view text) {
    std::string out(text.substr(0, text.find_first_of(",}", text.find("sum:"))));
    for (size_t i = out.size(); (i = text.find(':', i)) != text.npos; ++i)
      out += fmt::format(" {}", text.substr(i + 1, text.find_first_of(",}", i) - i - 1));
    return out;
  };

  TempDir dir;
  BlockMeta meta;
  meta.ulid = make_ulid(kStart);
  meta.min_time = kStart;
  meta.max_time = kStart + 400 * 15'000;
  Series series(histograms);
  REQUIRE(write_block(dir.path(), series, meta));
  make_dirs(dir.path() + "/wal");
  std::map<std::string, std::string> dumped;  // seed and time -> the rest
  for (const std::string& line : lines(run(*tool + " tsdb dump " + dir.path()))) {
    const size_t histogram = line.find("} {") + 2, time = line.rfind(' ');
    dumped[line.substr(line.find("seed=\"") + 6, 2) + line.substr(time)] =
        line.substr(histogram, time - histogram);
  }
  for (uint64_t seed = 1; seed <= kSeries; ++seed) {
    const std::vector<FloatHistogram> want = histograms(seed);
    for (size_t i = 2; i < want.size(); ++i) {  // nor does it print the first two
      const FloatHistogram& h = want[i];
      const std::string key =
          fmt::format("{:02} {}", seed, kStart + static_cast<TimeMs>(i) * 15'000);
      CAPTURE(key);
      REQUIRE(dumped.count(key) == 1);
      const std::string got = summary_of_line(dumped[key]);
      if (is_stale(h.sum)) {
        REQUIRE(got == "{count:0, sum:NaN");
      } else {
        REQUIRE(got == summary(h));
      }
    }
  }
}
