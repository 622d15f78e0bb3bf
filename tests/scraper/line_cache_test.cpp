// Whatever happens to the lines of a body, the cache must not be seen from outside: with it and without
// it the same batch comes out.
#include "scraper/line_cache.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "core/error.h"
#include "tests/scraper/client_bytes.h"
#include "tests/scraper/reading.h"

namespace hearth {
namespace {

constexpr TimeMs kNow = Reading::kStart;

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

std::string joined(const std::vector<std::string>& lines, const char* separator) {
  std::string text;
  for (const std::string& line : lines) text += line + separator;
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
  if (kind == 73) series += "{a=\"x\ny\"}";  // a line that is two
  static constexpr const char* kValues[] = {
      "1",  "0",     "-17",                "3.25",      "1e+09", "1.7976e308", "NaN", "+Inf", "12345678", "0x1.8",
      "-0", "00012", "123456789012345678", "-2.5e-07", "1e22",  "1E23", "1.", "0.30000000000000004"};
  std::string value = kValues[random() % std::size(kValues)];
  if (value == "0x1.8") value = "0.1";
  std::string line = series + (kind == 66 ? "\t" : " ") + value;
  if (kind == 67) line += " ";
  if (kind >= 68 && kind < 73) line += fmt::format(" {}", kNow + random() % 100);
  return line;
}

// A random line of OpenMetrics; classic histograms and series of other families between them.
std::string random_open_metrics_line(Random& random) {
  const unsigned name = random() % 6;
  switch (random() % 8) {
    case 0: return fmt::format("# TYPE h{} {}", name, name % 2 == 0 ? "histogram" : "counter");
    case 1: return fmt::format("# HELP h{} text {}", name, random() % 3);
    case 2: return fmt::format("h{}_sum{{a=\"{}\"}} {}", name, random() % 3, random() % 9);
    case 3: return fmt::format("h{}_count{{a=\"{}\"}} {}", name, random() % 3, random() % 9);
    case 4: return fmt::format("h{}_total{{a=\"{}\"}} 7 # {{id=\"{}\"}} 1", name, random() % 3, random() % 9);
    case 5: return fmt::format("drop_{} {}", name, random() % 9);
    default:
      return fmt::format("h{}_bucket{{a=\"{}\",le=\"{}.0\"}} {} # {{id=\"x\"}} 1 {}", name, random() % 3, random() % 4,
                         random() % 9, random() % 1000);
  }
}

// A random family of protobuf.
std::string random_family(Random& random) {
  const std::string name = fmt::format("{}f{}", random() % 10 == 0 ? "drop_" : "", random() % 12);
  const std::string a = std::to_string(random() % 3), b(random() % 40, 'b');
  const client::LabelList both = {{"a", a}, {"b", b}}, turned = {{"b", b}, {"a", a}}, one = {{"a", a}};
  switch (random() % 6) {
    case 0: return client::family(name, client::kGauge, {client::gauge(random() % 9, both)}, "help");
    case 1: return client::family(name, client::kGauge, {client::gauge(1, turned), client::gauge(2, one)});
    case 2:
      return client::family(name, client::kCounter,
                            {client::counter(3, one, client::bytes(2, client::exemplar(1, "x"))), client::counter(4)});
    case 3:
      return client::family(name, client::kHistogram,
                            {client::labels(one) + client::bytes(7, client::number(1, 9) + client::bucket(1, 2) +
                                                                        client::bucket(random() % 5 + 2, 5))});
    case 4:
      return client::family(name, client::kHistogram,
                            {client::labels(both) +
                             client::bytes(7, client::number(1, 4) + client::real(2, 5) + client::two_buckets(3, 3))});
    default:
      return client::family(name, client::kSummary,
                            {client::bytes(4, client::number(1, 2) + client::bytes(3, client::real(1, 0.5)))}, a);
  }
}

template <class Line>
void mutate(std::vector<std::string>& lines, Random& random, Line random_line) {
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

std::string name_of_histogram(const std::string& text) { return text.substr(0, text.find('}') + 1); }

// The series that are tracked after a body.
std::vector<std::string> names_without_times(const ReadResult& result) {
  std::vector<std::string> names;
  for (const std::string& sample : result.samples) {
    if (sample.ends_with(" 0")) names.push_back(name_of(sample));
  }
  for (const std::string& histogram : result.histograms) names.push_back(name_of_histogram(histogram));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// Reads bodies that follow from one another, with a cache and without; how many it read.
template <class Next>
size_t compare_bodies(unsigned seed, const ScrapeConfig& config, const ReadFeatures& features,
                      ExpositionFormat format, Next next) {
  constexpr size_t kRounds = 80;
  Random random(seed);
  Reading cached(config, features);
  std::vector<std::string> tracked_before;
  bool was_cut = false;
  for (size_t round = 0; round < kRounds; ++round) {
    CAPTURE(seed);
    CAPTURE(round);
    const std::string text = next(random);
    if (random() % 16 == 0) {  // it comes without its end first
      const std::string cut = text.substr(0, random.below(text.size() + 1));
      Reading fresh(config, features);
      REQUIRE(cached.fault(cut, format) == fresh.fault(cut, format));
      was_cut = true;
    }
    Reading fresh(config, features);
    const ReadResult expected = fresh.read(text, format);
    const ReadResult got = cached.read(text, format);
    REQUIRE(got.samples == expected.samples);
    REQUIRE(got.histograms == expected.histograms);
    REQUIRE(got.exemplars == expected.exemplars);
    REQUIRE(got.counts.total == expected.counts.total);
    REQUIRE(got.counts.added == expected.counts.added);
    REQUIRE(got.counts.duplicates == expected.counts.duplicates);

    std::vector<std::string> stale;
    const std::vector<std::string> tracked = names_without_times(expected);
    std::set_difference(tracked_before.begin(), tracked_before.end(), tracked.begin(), tracked.end(),
                        std::back_inserter(stale));
    if (!std::exchange(was_cut, false)) REQUIRE(got.stale == stale);
    tracked_before = tracked;
  }
  return kRounds;
}

// How many bodies a test reads: so many, or HEARTH_LINE_CACHE_BODIES.
size_t wanted_bodies(size_t ordinary) {
  const char* more = std::getenv("HEARTH_LINE_CACHE_BODIES");
  return more == nullptr ? ordinary : std::strtoull(more, nullptr, 10);
}

enum class Order { kKept, kRandom };

template <class Lines>
void compare_mutated(size_t bodies, const ScrapeConfig& config, ExpositionFormat format, Lines line,
                     const char* separator, const char* end, Order order = Order::kKept) {
  for (unsigned seed = 1; bodies > 0; ++seed) {
    std::vector<std::string> lines;
    const auto next = [&](Random& random) {
      if (lines.empty()) {
        for (unsigned n = random() % 60; n > 0; --n) lines.push_back(line(random));
      } else {
        mutate(lines, random, line);
      }
      // Now and then there is an order for a while.
      if (order == Order::kRandom && random() % 32 != 0) std::shuffle(lines.begin(), lines.end(), random);
      return joined(lines, separator) + end;
    };
    bodies -= std::min(bodies, compare_bodies(seed, config, {}, format, next));
  }
}

TEST_CASE("bodies that are shuffled, grown, shrunk, repeated or cut give the batch that no cache gives") {
  compare_mutated(wanted_bodies(20'000), dropping(), ExpositionFormat::kText, random_line, "\n", "");
}

TEST_CASE("so do bodies whose lines come in another order each time") {
  compare_mutated(wanted_bodies(8'000), dropping(), ExpositionFormat::kText, random_line, "\n", "", Order::kRandom);
  compare_mutated(wanted_bodies(2'000), dropping(), ExpositionFormat::kOpenMetrics, random_open_metrics_line, "\n",
                  "# EOF\n", Order::kRandom);
  compare_mutated(wanted_bodies(2'000), dropping(), ExpositionFormat::kProtobuf, random_family, "", "",
                  Order::kRandom);
}

TEST_CASE("lines without an order are found where they are, until there is an order again") {
  Reading reading;
  std::vector<std::string> lines;
  for (int i = 0; i < 100; ++i) lines.push_back(fmt::format("m{{i=\"{}\"}} 1", i));
  const size_t bytes = [&] {
    reading.read(joined(lines, "\n"));
    return reading.cache().bytes();
  }();
  Random random(1);
  std::vector<std::string> shuffled = lines;
  for (int body = 0; body < 70; ++body) {
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    const ReadResult result = reading.read(joined(shuffled, "\n"));
    REQUIRE(result.counts.series_added == 0);
    REQUIRE(result.stale.empty());
    if (body == 10) CHECK(reading.cache().bytes() > bytes);
  }
  for (int body = 0; body < 130; ++body) reading.read(joined(lines, "\n"));
  CHECK(reading.cache().bytes() == bytes);
}

TEST_CASE("so do bodies of OpenMetrics, and those whose classic histograms are converted") {
  compare_mutated(wanted_bodies(3'000), dropping(), ExpositionFormat::kOpenMetrics, random_open_metrics_line, "\n",
                  "# EOF\n");
  ScrapeConfig converting = dropping();
  converting.convert_classic_histograms_to_nhcb = true;
  compare_mutated(wanted_bodies(3'000), converting, ExpositionFormat::kOpenMetrics, random_open_metrics_line, "\n",
                  "# EOF\n");
}

TEST_CASE("so do bodies of protobuf") {
  ScrapeConfig config = dropping();
  config.scrape_native_histograms = true;
  compare_mutated(wanted_bodies(3'000), config, ExpositionFormat::kProtobuf, random_family, "", "");
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
  const ReadResult again = reading.read("a 1\nd 1\n");
  CHECK(again.counts.series_added == 0);
  CHECK(again.stale == std::vector<std::string>{R"(c{instance="i", job="j"})"});
}

TEST_CASE("a series that is only spelled otherwise does not end") {
  Reading reading;
  reading.read("a{x=\"1\",y=\"2\"} 1\n");
  const ReadResult result = reading.read("a{y=\"2\",x=\"1\"} 1\n");
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
