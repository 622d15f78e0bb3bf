// Whatever happens to the lines of a body, the cache must not be seen from outside: with it and without
// it the same batch comes out.
#include "scraper/line_cache.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "core/go_text.h"
#include "scraper/series_reader.h"
#include "tests/scraper/fake_appender.h"

namespace hearth {
namespace {

constexpr TimeMs kNow = 1'700'000'000'000;

struct Result {
  std::vector<std::string> samples;  // in the order of the batch
  std::vector<std::string> stale;    // sorted
  ReadCounts counts;
};

// One target whose bodies are read one after another.
class Reading {
 public:
  explicit Reading(ScrapeConfig config = {}) : config_(std::move(config)) {}

  Result read(const std::string& text, ExpositionFormat format = ExpositionFormat::kText) {
    Batch batch;
    std::vector<SeriesRef> stale;
    Result result;
    time_ += 1000;
    const Body body{text};
    const ReadTask task{body,    format,    time_,  time_ + 600'000, target_.view(),
                        config_, appender_, cache_, metadata_, source_};
    read_series(task, batch, stale, result.counts);
    for (size_t i = 0; i < batch.size(); ++i) {
      result.samples.push_back(fmt::format("{} {} {}", appender_.name(batch.refs[i]), float_g(batch.values[i]),
                                           batch.times[i] == time_ ? 0 : batch.times[i]));
    }
    for (const SeriesRef ref : stale) result.stale.push_back(appender_.name(ref));
    std::sort(result.stale.begin(), result.stale.end());
    return result;
  }
  LineCache& cache() { return cache_; }
  const MetadataTable& metadata() const { return metadata_; }
  size_t interned() const { return appender_.interned(); }

 private:
  class Names final : public Appender {
   public:
    using Appender::intern;
  SeriesRef intern(LabelsView labels, SeriesSource*) override {
      ++interned_;
      const auto [it, is_new] = refs_.try_emplace(Labels(labels), static_cast<SeriesRef>(refs_.size() + 1));
      if (is_new) names_.push_back(metric_text(labels));
      return it->second;
    }
    AppendResult append(const Batch&) override { return {}; }
    const std::string& name(SeriesRef ref) const { return names_.at(ref - 1); }
    size_t interned() const { return interned_; }

   private:
    std::map<Labels, SeriesRef> refs_;
    std::vector<std::string> names_;
    size_t interned_ = 0;
  };

  const ScrapeConfig config_;
  const Labels target_{{"instance", "i"}, {"job", "j"}};
  Names appender_;
  LineCache cache_;
  MetadataTable metadata_;
  SeriesSource source_{"test"};
  TimeMs time_ = kNow;
};

// Small random numbers, the same in every run.
class Random {
 public:
  using result_type = uint32_t;
  explicit Random(uint32_t seed) : engine_(seed) {}
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return 0xffffffff; }
  result_type operator()() { return static_cast<result_type>(engine_()); }
  size_t below(size_t bound) { return operator()() % bound; }

 private:
  std::mt19937 engine_;
};

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// A random line; few names, so that lines come back.
std::string random_line(Random& random) {
  const unsigned name = random() % 40;
  const unsigned kind = random() % 100;
  if (kind < 5) return fmt::format("# TYPE m{} {}", name, name % 2 == 0 ? "counter" : "gauge");
  if (kind < 8) return fmt::format("# HELP m{} some text {}", name, random() % 3);
  if (kind < 9) return "# just a comment";
  if (kind < 10) return "";
  std::string series = fmt::format("m{}", name);
  if (kind < 60) series += fmt::format("{{a=\"{}\",bb=\"some longer value {}\"}}", random() % 3, random() % 2);
  if (kind == 60) series += "{b=\"1\",a=\"2\"}";
  if (kind == 61) series += "{a=\"2\",b=\"1\"}";  // the same series, spelled otherwise
  if (kind == 62) series += " {a=\"1\"}";
  if (kind == 63) series = fmt::format("{{\"m.{}\",\"x y\"=\"z\"}}", name);
  if (kind == 64) series += "{a=\"" + std::string(70'000, 'x') + "\"}";
  if (kind == 65) series = "drop_" + series;
  static const char* const kValues[] = {"1",    "0",        "-17",   "3.25",  "1e+09", "1.7976e308", "NaN",
                                        "+Inf", "12345678", "0x1.8", "-0",    "00012", "123456789012345678"};
  std::string value = kValues[random() % 13];
  if (value == "0x1.8") value = "0.1";
  std::string line = series + (kind == 66 ? "\t" : " ") + value;
  if (kind == 67) line += " ";
  if (kind >= 68 && kind < 73) line += fmt::format(" {}", kNow + random() % 100);
  return line;
}

void mutate(std::vector<std::string>& lines, Random& random) {
  switch (random() % 9) {
    case 0: return;  // the same again
    case 1: std::shuffle(lines.begin(), lines.end(), random); break;
    case 2:  // grown
      for (unsigned n = random() % 5 + 1; n > 0; --n) {
        lines.insert(lines.begin() + static_cast<ptrdiff_t>(random.below(lines.size() + 1)), random_line(random));
      }
      break;
    case 3:  // shrunk
      for (unsigned n = random() % 5 + 1; n > 0 && !lines.empty(); --n) {
        lines.erase(lines.begin() + static_cast<ptrdiff_t>(random.below(lines.size())));
      }
      break;
    case 4:  // a line twice
      if (!lines.empty()) {
        const std::string line = lines[random.below(lines.size())];
        lines.insert(lines.begin() + static_cast<ptrdiff_t>(random.below(lines.size() + 1)), line);
      }
      break;
    case 5:  // a block elsewhere
      if (lines.size() > 2) {
        std::rotate(lines.begin(), lines.begin() + static_cast<ptrdiff_t>(random.below(lines.size())), lines.end());
      }
      break;
    case 6:  // cut
      lines.resize(random.below(lines.size() + 1));
      break;
    case 7:  // other values
      for (std::string& line : lines) {
        if (line.ends_with(" 1")) line.back() = '2';
      }
      break;
    default:
      for (unsigned n = random() % 30; n > 0; --n) lines.push_back(random_line(random));
  }
}

ScrapeConfig dropping() {
  ScrapeConfig config;
  RelabelRule rule;
  rule.source_labels = {"__name__"};
  rule.regex_text = "drop_.*";
  rule.regex = Regex("drop_.*");
  rule.action = RelabelAction::kDrop;
  config.metric_relabel_configs.push_back(rule);
  return config;
}

// Without value and time.
std::string name_of(const std::string& sample) {
  return sample.substr(0, sample.rfind(' ', sample.rfind(' ') - 1));
}

// The series that are tracked after a body.
std::vector<std::string> names_without_times(const Result& result) {
  std::vector<std::string> names;
  for (const std::string& sample : result.samples) {
    if (sample.ends_with(" 0")) names.push_back(name_of(sample));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

TEST_CASE("bodies that are shuffled, grown, shrunk, repeated or cut give the batch that no cache gives") {
  size_t bodies = 0;
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Random random(seed);
    Reading cached(dropping());
    std::vector<std::string> lines;
    for (unsigned n = random() % 60; n > 0; --n) lines.push_back(random_line(random));
    std::vector<std::string> tracked_before;
    for (int round = 0; round < 30; ++round, ++bodies) {
      CAPTURE(seed);
      CAPTURE(round);
      const std::string text = joined(lines);
      Reading fresh(dropping());
      const Result expected = fresh.read(text);
      const Result got = cached.read(text);
      REQUIRE(got.samples == expected.samples);
      REQUIRE(got.counts.total == expected.counts.total);
      REQUIRE(got.counts.added == expected.counts.added);
      REQUIRE(got.counts.duplicates == expected.counts.duplicates);

      std::vector<std::string> stale;
      const std::vector<std::string> tracked = names_without_times(expected);
      std::set_difference(tracked_before.begin(), tracked_before.end(), tracked.begin(), tracked.end(),
                          std::back_inserter(stale));
      REQUIRE(got.stale == stale);
      tracked_before = tracked;
      mutate(lines, random);
    }
  }
  MESSAGE(bodies, " bodies");
  CHECK(bodies == 4500);
}

TEST_CASE("a body that comes again interns nothing and adds no series") {
  Reading reading;
  const std::string body = "# TYPE a counter\na 1\nb{x=\"1\"} 2\nb{x=\"2\"} 3\n";
  CHECK(reading.read(body).counts.series_added == 3);
  CHECK(reading.read(body).counts.series_added == 0);
  CHECK(reading.interned() == 3);
  CHECK(reading.cache().entries().size() == 4);
}

TEST_CASE("the type of a comment that was only recognised still shapes the labels of a new line") {
  Reading reading;
  reading.read("# TYPE h histogram\nh_bucket{le=\"1\"} 1\n");
  CHECK(reading.read("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 1\n").samples ==
        std::vector<std::string>{R"(h_bucket{instance="i", job="j", le="1.0"} 1 0)",
                                 R"(h_bucket{instance="i", job="j", le="2.0"} 1 0)"});
}

TEST_CASE("after a walk that fails all lines are known, those that it did not come to are tracked no longer") {
  Reading reading;
  reading.read("a 1\nb 2\nc 3\n");
  CHECK_THROWS_AS(reading.read("c 3\nd 4\na x\nb 2\n"), Error);
  const Result again = reading.read("a 1\nd 1\n");
  CHECK(again.counts.series_added == 0);
  CHECK(again.stale == std::vector<std::string>{R"(c{instance="i", job="j"})"});
}

TEST_CASE("a series that is only spelled otherwise does not end") {
  Reading reading;
  reading.read("a{x=\"1\",y=\"2\"} 1\n");
  const Result result = reading.read("a{y=\"2\",x=\"1\"} 1\n");
  CHECK(result.stale.empty());
  CHECK(result.samples.size() == 1);
}

TEST_CASE("a line is 16 bytes") { CHECK(sizeof(LineEntry) == 16); }

TEST_CASE("fingerprints tell lengths, positions and seeds apart") {
  const std::string text = std::string(200, 'a') + std::string(Body::kPadding, '\0');
  std::vector<uint64_t> prints;
  for (size_t length = 0; length <= 200; ++length) prints.push_back(fingerprint(text.data(), length, 7));
  prints.push_back(fingerprint(text.data(), 100, 8));
  for (size_t at = 0; at < 100; ++at) {
    std::string changed = text;
    changed[at] = 'b';
    prints.push_back(fingerprint(changed.data(), 100, 7));
  }
  std::sort(prints.begin(), prints.end());
  CHECK(std::adjacent_find(prints.begin(), prints.end()) == prints.end());
}

TEST_CASE("bytes after a line do not change its fingerprint") {
  for (size_t length = 0; length < 40; ++length) {
    std::string a(length, 'x'), b(length, 'x');
    a += std::string(64, '\0');
    b += std::string(64, 'q');
    CHECK(fingerprint(a.data(), length, 1) == fingerprint(b.data(), length, 1));
  }
}

}  // namespace
}  // namespace hearth
