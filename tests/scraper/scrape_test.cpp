// One scrape after another of one target, from bytes to samples.
#include "scraper/scrape.h"

#include <doctest/doctest.h>

#include "core/compress.h"
#include "core/log.h"
#include "tests/scraper/fake_appender.h"

namespace hearth {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr const char* kText = "text/plain; version=0.0.4";
constexpr const char* kOpenMetricsType = "application/openmetrics-text; version=1.0.0";

using Lines = std::vector<std::string>;

// A target that answers what it is told to.
class Scraped {
 public:
  explicit Scraped(ScrapeConfig config = {}) {
    config.job_name = "j";
    use(std::move(config));
    target_.emplace(Labels(), Labels{{"__address__", "a:1"},
                                     {"__metrics_path__", "/metrics"},
                                     {"__scheme__", "http"},
                                     {"__scrape_interval__", "15s"},
                                     {"__scrape_timeout__", "10s"},
                                     {"instance", "a:1"},
                                     {"job", "j"}},
                    config_);
  }
  void use(ScrapeConfig config) {
    config_ = std::make_shared<const ScrapeConfig>(std::move(config));
    if (target_) target_->set_config({}, config_);
  }

  // The samples of this scrape but for the report, without the target's labels.
  Lines scrape(const std::string& body, const char* content_type = kText) {
    FetchedBody fetched;
    fetched.bytes = body;
    fetched.content_type = content_type;
    return scrape(std::move(fetched));
  }
  Lines fail(const std::string& error) {
    FetchedBody fetched;
    fetched.error = error;
    return scrape(std::move(fetched));
  }
  Lines scrape(FetchedBody fetched) {
    clock_.advance(15'000);
    finish_scrape(*target_, target_->plan(), std::move(fetched),
                  {clock_.now(), clock_.now(), clock_.monotonic_nanos()}, sink_);
    return samples_at(clock_.now(), false);
  }
  Lines report() { return samples_at(clock_.now(), true); }
  Lines end() {
    clock_.advance(15'000);
    end_target(*target_, clock_.now(), sink_);
    Lines all = samples_at(clock_.now(), false);
    const Lines reports = samples_at(clock_.now(), true);
    all.insert(all.end(), reports.begin(), reports.end());
    return all;
  }
  std::string error() const { return target_->status().last_error; }
  TargetHealth health() const { return target_->status().health; }
  FakeAppender& storage() { return storage_; }
  size_t lines() const { return target_->scrape.lines.entries().size(); }
  const MetadataTable& metadata() const { return target_->metadata; }
  const ScrapeMetrics& metrics() const { return metrics_; }
  TimeMs now() const { return clock_.now(); }

 private:
  Lines samples_at(TimeMs t, bool reports) const {
    Lines lines;
    for (std::string line : storage_.at(t)) {
      const bool is_report = line.starts_with("up{") || line.starts_with("scrape_");
      if (is_report != reports) continue;
      for (const std::string_view part : {"instance=\"a:1\", job=\"j\", ", ", instance=\"a:1\", job=\"j\"",
                                          "{instance=\"a:1\", job=\"j\"}"}) {
        if (const size_t at = line.find(part); at != std::string::npos) line.erase(at, part.size());
      }
      lines.push_back(std::move(line));
    }
    return lines;
  }

  FakeAppender storage_;
  FakeClock clock_{kStart};
  Registry registry_;
  ScrapeMetrics metrics_{registry_};
  ScrapeSink sink_{storage_, clock_, metrics_};
  std::shared_ptr<const ScrapeConfig> config_;
  std::optional<Target> target_;
};

RelabelRule drop_metric(const std::string& regex) {
  RelabelRule rule;
  rule.source_labels = {"__name__"};
  rule.regex_text = regex;
  rule.regex = Regex(regex);
  rule.action = RelabelAction::kDrop;
  return rule;
}

// ---- the report --------------------------------------------------------------------------------

TEST_CASE("a scrape stores its samples and a report of itself in one commit") {
  Scraped target;
  CHECK(target.scrape("a 1\nb{x=\"y\"} 2\n") == Lines{"a 1", "b{x=\"y\"} 2"});
  CHECK(target.report() == Lines{"scrape_duration_seconds 0", "scrape_samples_post_metric_relabeling 2",
                                 "scrape_samples_scraped 2", "scrape_series_added 2", "up 1"});
  CHECK(target.health() == TargetHealth::kUp);
  target.scrape("a 1\nb{x=\"y\"} 2\n");
  CHECK(target.report()[3] == "scrape_series_added 0");
}

TEST_CASE("extra_scrape_metrics adds timeout, limit and size") {
  ScrapeConfig config;
  config.extra_scrape_metrics = true;
  config.sample_limit = 7;
  Scraped target(config);
  target.scrape("a 1\n");
  CHECK(target.report() == Lines{"scrape_body_size_bytes 4", "scrape_duration_seconds 0", "scrape_sample_limit 7",
                                 "scrape_samples_post_metric_relabeling 1", "scrape_samples_scraped 1",
                                 "scrape_series_added 1", "scrape_timeout_seconds 10", "up 1"});
}

TEST_CASE("dropped lines count as scraped only, also when they are recognised") {
  ScrapeConfig config;
  config.metric_relabel_configs = {drop_metric("b")};
  Scraped target(config);
  for (int i = 0; i < 2; ++i) {
    CHECK(target.scrape("a 1\nb 2\n") == Lines{"a 1"});
    CHECK(target.report()[1] == "scrape_samples_post_metric_relabeling 1");
    CHECK(target.report()[2] == "scrape_samples_scraped 2");
  }
}

// ---- staleness ---------------------------------------------------------------------------------

TEST_CASE("a series that vanishes is marked stale once, and may come back") {
  Scraped target;
  target.scrape("a 1\nb 2\nc 3\n");
  CHECK(target.scrape("a 1\nc 3\n") == Lines{"a 1", "b stale", "c 3"});
  CHECK(target.scrape("a 1\nc 3\n") == Lines{"a 1", "c 3"});
  CHECK(target.scrape("b 4\na 1\nc 3\n") == Lines{"a 1", "b 4", "c 3"});
}

TEST_CASE("a failed scrape marks all series of the last good one stale, once") {
  Scraped target;
  target.scrape("a 1\nb 2\n");
  CHECK(target.fail("connection refused") == Lines{"a stale", "b stale"});
  CHECK(target.report() == Lines{"scrape_duration_seconds 0", "scrape_samples_post_metric_relabeling 0",
                                 "scrape_samples_scraped 0", "scrape_series_added 0", "up 0"});
  CHECK(target.error() == "connection refused");
  CHECK(target.health() == TargetHealth::kDown);
  CHECK(target.fail("connection refused").empty());
  CHECK(target.scrape("a 1\nb 2\n") == Lines{"a 1", "b 2"});
  CHECK(target.report()[3] == "scrape_series_added 0");
}

TEST_CASE("a malformed body fails as a whole, and counts what was read") {
  Scraped target;
  target.scrape("a 1\nb 2\nd 3\n");
  // As Prometheus has it, what stands before the place is neither stored nor stale.
  CHECK(target.scrape("a 1\nb 2\nc{ 3\n") == Lines{"d stale"});
  CHECK(target.error() == R"(expected label name, got "3" ("INVALID") while parsing: "c{ 3")");
  CHECK(target.report()[2] == "scrape_samples_scraped 2");
  CHECK(target.scrape("b 1\n! 3\n") == Lines{"a stale"});
  CHECK(target.scrape("! 3\n") == Lines{"b stale"});
  CHECK(target.scrape("a 1\nb 2\nd 3\n") == Lines{"a 1", "b 2", "d 3"});
  CHECK(target.report()[3] == "scrape_series_added 0");
}

TEST_CASE("series that only malformed bodies had are known, and end as others do") {
  Scraped target;
  target.scrape("a 1\nb 2\n! 1\n");
  CHECK(target.report()[3] == "scrape_series_added 2");
  CHECK(target.scrape("b 3\n") == Lines{"a stale", "b 3"});
  CHECK(target.report()[3] == "scrape_series_added 0");
}

TEST_CASE("malformed bodies with ever new series do not fill the memory") {
  Scraped target;
  target.scrape("a 1\n");
  for (int round = 0; round < 20; ++round) {
    std::string body;
    for (int i = 0; i < 100; ++i) body += "n{i=\"" + std::to_string(round * 100 + i) + "\"} 1\n";
    target.scrape(body + "! 1\n");
  }
  CHECK(target.lines() <= 1'100);
  CHECK(target.metrics().cache_flush_forced.value() >= 1);
}

TEST_CASE("an empty body is a good scrape of nothing") {
  Scraped target;
  target.scrape("a 1\n");
  CHECK(target.scrape("", "") == Lines{"a stale"});
  CHECK(target.report().back() == "up 1");
}

TEST_CASE("series with timestamps of their own get no marker unless that is asked for") {
  const std::string body = "a 1 " + std::to_string(kStart) + "\nb 1\n";
  Scraped target;
  target.scrape(body);
  CHECK(target.fail("x") == Lines{"b stale"});

  ScrapeConfig config;
  config.track_timestamps_staleness = true;
  Scraped tracking(config);
  tracking.scrape(body);
  CHECK(tracking.fail("x") == Lines{"a stale", "b stale"});
}

TEST_CASE("a line that loses its timestamp is tracked from then on") {
  Scraped target;
  target.scrape("a 1 " + std::to_string(kStart) + "\n");
  target.scrape("a 1\n");
  CHECK(target.scrape("b 1\n") == Lines{"a stale", "b 1"});
}

TEST_CASE("the end of a target marks its series and its report stale") {
  Scraped target;
  target.scrape("a 1\n");
  CHECK(target.end() == Lines{"a stale", "scrape_duration_seconds stale",
                              "scrape_samples_post_metric_relabeling stale", "scrape_samples_scraped stale",
                              "scrape_series_added stale", "up stale"});
}

// ---- timestamps --------------------------------------------------------------------------------

TEST_CASE("honor_timestamps decides whose time counts") {
  const std::string body = "a 1 " + std::to_string(kStart - 5) + "\n";
  const Labels series{{"__name__", "a"}, {"instance", "a:1"}, {"job", "j"}};
  Scraped honoring;
  honoring.scrape(body);
  CHECK(honoring.storage().samples(series).at(0).t == kStart - 5);
  ScrapeConfig config;
  config.honor_timestamps = false;
  Scraped ignoring(config);
  for (int i = 0; i < 2; ++i) CHECK(ignoring.scrape(body) == Lines{"a 1"});
}

TEST_CASE("OpenMetrics times are seconds, and its exemplars get the sample's time where they have none") {
  Scraped target;
  target.scrape("a_total 1 1.5 # {t=\"x\"} 0.5\nb_total 1 # {t=\"y\"} 2 3.25\n# EOF\n", kOpenMetricsType);
  const auto exemplars = target.storage().exemplars();
  REQUIRE(exemplars.size() == 2);
  CHECK(exemplars[0].exemplar.t == 1500);
  CHECK(exemplars[0].exemplar.labels == Labels{{"t", "x"}});
  CHECK(exemplars[1].exemplar.t == 3250);
}

TEST_CASE("samples more than ten minutes ahead are counted and left out") {
  Scraped target;
  const std::string far = std::to_string(kStart + 3'600'000);
  for (int i = 1; i <= 2; ++i) {
    CHECK(target.scrape("a 1 " + far + "\nb 1\n") == Lines{"b 1"});
    CHECK(target.metrics().out_of_bounds.value() == i);
    CHECK(target.report()[1] == "scrape_samples_post_metric_relabeling 2");
  }
  CHECK(target.storage().series() == 6);  // nothing was made for it
}

TEST_CASE("the same line twice is a duplicate; with other timestamps it is two samples") {
  Scraped target;
  for (int i = 1; i <= 3; ++i) {
    CHECK(target.scrape("a 1\na 2\n") == Lines{"a 1"});
    CHECK(target.metrics().duplicate.value() == i);
  }
  Scraped timed;
  timed.scrape("a 1 1000\na 2 3000\na 3 2000\na 4 4000\n");
  const auto samples = timed.storage().samples({{"__name__", "a"}, {"instance", "a:1"}, {"job", "j"}});
  REQUIRE(samples.size() == 3);
  CHECK(samples[2].t == 4000);
  CHECK(timed.metrics().out_of_order.value() == 0);  // only what the storage had before counts
}

TEST_CASE("a new series whose first sample is refused is not added, and is new again") {
  Scraped target;
  target.scrape("a 1 4000\n");
  CHECK(target.report()[3] == "scrape_series_added 1");
  target.scrape("b 1\n");
  target.scrape("a 1 3000\nb 1\nc 1 3000\n");  // a has been forgotten meanwhile
  CHECK(target.report()[3] == "scrape_series_added 1");
  CHECK(target.metrics().out_of_order.value() == 1);
  target.scrape("a 1 5000\nb 1\nc 1 4000\n");
  CHECK(target.report()[3] == "scrape_series_added 1");
}

// ---- limits ------------------------------------------------------------------------------------

TEST_CASE("sample_limit fails the whole scrape but counts all of it") {
  ScrapeConfig config;
  config.sample_limit = 2;
  config.metric_relabel_configs = {drop_metric("d.*")};
  Scraped target(config);
  CHECK(target.scrape("a 1\nd1 1\nd2 1\nb 2\n") == Lines{"a 1", "b 2"});
  CHECK(target.scrape("a 1\nd1 1\nc 3\nb 2\n") == Lines{"b stale"});  // c would have come
  CHECK(target.error() == "sample limit exceeded");
  CHECK(target.report()[1] == "scrape_samples_post_metric_relabeling 3");
  CHECK(target.report()[2] == "scrape_samples_scraped 4");
  CHECK(target.metrics().exceeded_sample_limit.value() == 1);
  CHECK(target.scrape("a 1\nb 2\n") == Lines{"a 1", "b 2", "c stale"});
}

TEST_CASE("a line that comes twice does not count against sample_limit") {
  ScrapeConfig config;
  config.sample_limit = 2;
  Scraped target(config);
  CHECK(target.scrape("a 1\na 2\nb 1\na 3\n") == Lines{"a 1", "b 1"});
  CHECK(target.report()[1] == "scrape_samples_post_metric_relabeling 4");
}

TEST_CASE("series_limit keeps the series that are known and leaves out the new ones") {
  ScrapeConfig config;
  config.series_limit = 2;
  Scraped target(config);
  CHECK(target.scrape("a 1\nb 1\nc 1\n") == Lines{"a 1", "b 1"});
  CHECK(target.health() == TargetHealth::kUp);
  CHECK(target.error() == "series_limit exceeded: 1 new series left out (limit: 2)");
  CHECK(target.report()[3] == "scrape_series_added 2");
  CHECK(target.scrape("c 1\nb 2\na 2\n") == Lines{"a 2", "b 2"});
  CHECK(target.metrics().exceeded_series_limit.value() == 2);
  CHECK(target.scrape("c 1\nb 3\n") == Lines{"a stale", "b 3"});  // a's place is free after it
  CHECK(target.scrape("c 1\nb 4\n") == Lines{"b 4", "c 1"});
  CHECK(target.error().empty());
  CHECK(target.storage().series() == 5 + 3);
}

TEST_CASE("body_size_limit counts what is behind the compression") {
  ScrapeConfig config;
  config.body_size_limit = 100;
  Scraped target(config);
  FetchedBody fetched;
  gzip_compress("a 1\n# " + std::string(90, 'x') + "\n", fetched.bytes);
  fetched.content_type = kText;
  fetched.gzip = true;
  FetchedBody bomb = fetched;
  CHECK(target.scrape(fetched) == Lines{"a 1"});
  gzip_compress(std::string(1 << 20, '#'), bomb.bytes);
  CHECK(target.scrape(bomb) == Lines{"a stale"});
  CHECK(target.error() == "body size limit exceeded");
  CHECK(target.metrics().exceeded_body_size.value() == 1);
  target.scrape("a 1\n# " + std::string(94, 'x'));  // exactly the limit
  CHECK(target.error() == "body size limit exceeded");
}

TEST_CASE("broken compression fails the scrape") {
  Scraped target;
  FetchedBody fetched;
  gzip_compress("a 1\n", fetched.bytes);
  fetched.bytes.resize(fetched.bytes.size() / 2);
  fetched.gzip = true;
  fetched.content_type = kText;
  target.scrape(fetched);
  CHECK(target.health() == TargetHealth::kDown);
  CHECK(target.error() == "unexpected EOF");
}

// ---- the storage -------------------------------------------------------------------------------

TEST_CASE("series that died in the storage are made again, and count as known") {
  Scraped target;
  target.scrape("# TYPE a counter\na 1\nb 2\n");
  target.storage().kill_all();
  CHECK(target.scrape("# TYPE a counter\na 3\nb 4\n") == Lines{"a 3", "b 4"});
  CHECK(target.report().back() == "up 1");
  target.storage().kill_all();
  CHECK(target.scrape("b 5\n") == Lines{"b 5"});  // and no marker for the dead
}

TEST_CASE("a storage that cannot write ends the scrape with its error") {
  Scraped target;
  target.storage().break_log(true);
  CHECK_THROWS_AS(target.scrape("a 1\n"), Error);
  CHECK(target.error() == "the log cannot be written");
  target.storage().break_log(false);
  CHECK(target.scrape("a 1\n") == Lines{"a 1"});
}

// ---- other rules after a reload ----------------------------------------------------------------

TEST_CASE("other relabelling makes the lines new series and ends those that are gone") {
  Scraped target;
  target.scrape("a 1\nb 2\n");
  ScrapeConfig config;
  config.job_name = "j";
  config.metric_relabel_configs = {drop_metric("b")};
  target.use(config);
  CHECK(target.scrape("a 1\nb 2\n") == Lines{"a 1", "b stale"});
  CHECK(target.scrape("a 1\nb 2\n") == Lines{"a 1"});
}

// ---- metadata ----------------------------------------------------------------------------------

TEST_CASE("metadata follows the comments and outlives them by ten scrapes") {
  Scraped target;
  target.scrape("# HELP a first\n# TYPE a counter\na 1\n# TYPE b gauge\nb 1\n");
  CHECK(target.metadata().size() == 2);
  target.scrape("# HELP a second\n# TYPE a counter\na 1\n");
  for (int i = 0; i < 8; ++i) target.scrape("# HELP a second\n# TYPE a counter\na 1\n");
  CHECK(target.metadata().size() == 2);
  target.scrape("# HELP a second\n# TYPE a counter\na 1\n");
  CHECK(target.metadata().size() == 1);
  target.metadata().each("a", [](const std::string&, const Metadata& metadata) {
    CHECK(metadata == Metadata{MetricType::kCounter, "", "second"});
  });
}

// ---- short memory ------------------------------------------------------------------------------

TEST_CASE("while memory is short known series go on and the target says what is missing") {
  Scraped target;
  CHECK(target.scrape("a 1\nb 2\n") == Lines{"a 1", "b 2"});
  target.storage().set_full(true);
  CHECK(target.scrape("a 3\nb 4\nc 5\nd 6\n") == Lines{"a 3", "b 4"});
  CHECK(target.health() == TargetHealth::kUp);
  CHECK(target.error() == "memory is short: 2 samples of new series refused");
  CHECK(target.report().size() == 5);
  target.storage().set_full(false);
  CHECK(target.scrape("a 7\nb 8\nc 9\nd 10\n") == Lines{"a 7", "b 8", "c 9", "d 10"});
  CHECK(target.error() == "");
}

// ---- hostile bodies ----------------------------------------------------------------------------

TEST_CASE("hostile bodies are stored or refused, never more") {
  const std::string nul(1, '\0');
  struct Case {
    std::string what;
    std::string body;
  };
  const Case cases[] = {
      {"a line of a megabyte", std::string(1 << 20, 'x') + " 1\n"},
      {"a label value of a megabyte", "a{b=\"" + std::string(1 << 20, 'x') + "\"} 1\n"},
      {"NUL bytes", "a" + nul + " 1\n"},
      {"invalid UTF-8", "a{b=\"\xff\"} 1\n"},
      {"the same label twice", "a{b=\"1\",b=\"2\"} 1\n"},
      {"ten megabytes of one byte", std::string(10 << 20, '{')},
      {"ten megabytes of newlines", std::string(10 << 20, '\n')},
      {"an open quote", "a{b=\"" + std::string(1 << 20, '\\')},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    for (const char* type : {kText, kOpenMetricsType}) {
      Scraped target;
      target.scrape(c.body, type);
      target.scrape(c.body, type);
      CHECK(target.error().size() < 10'000);
      CHECK((target.health() == TargetHealth::kUp) == target.error().empty());
    }
  }
  std::string many = "a{";
  for (int i = 0; i < 20'000; ++i) many += "l" + std::to_string(i) + "=\"v\",";
  Scraped target;
  target.scrape(many + "} 1\n");
  CHECK(target.error().empty());
  target.scrape(many + "l7=\"w\"} 1\n");
  CHECK(target.error() == "label name \"l7\" is not unique: invalid sample");
}

}  // namespace
}  // namespace hearth
