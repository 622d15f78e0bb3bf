// HELP, TYPE and UNIT on their way to the storage: for series that are new, and where they change.
#include <doctest/doctest.h>

#include "scraper/metric_family.h"
#include "scraper/scrape.h"
#include "tests/scraper/fake_appender.h"

namespace hearth {
namespace {

using Lines = std::vector<std::string>;

// A target whose scrapes tell metadata.
class Scraped {
 public:
  explicit Scraped(bool tell = true, ScrapeConfig config = {})
      : sink_{storage_, clock_, metrics_, tell},
        config_(std::make_shared<const ScrapeConfig>(std::move(config))),
        target_(Labels(),
                Labels{{"__address__", "a:1"}, {"__metrics_path__", "/metrics"}, {"__scheme__", "http"},
                       {"__scrape_interval__", "15s"}, {"__scrape_timeout__", "10s"}, {"job", "j"}},
                config_) {}

  // What the storage is told of series other than the report's.
  Lines scrape(const std::string& body, const char* type = "text/plain; version=0.0.4") {
    clock_.advance(15'000);
    FetchedBody fetched;
    fetched.bytes = body;
    fetched.content_type = type;
    finish_scrape(target_, target_.plan(), std::move(fetched),
                  {clock_.now(), clock_.now(), clock_.monotonic_nanos()}, sink_);
    Lines told = storage_.take_metadata();
    std::erase_if(told, [](const std::string& line) {
      return line.starts_with("up:") || line.starts_with("scrape_");
    });
    return told;
  }
  FakeAppender& storage() { return storage_; }
  const Target& target() const { return target_; }

 private:
  FakeAppender storage_;
  FakeClock clock_{1'700'000'000'000};
  Registry registry_;
  ScrapeMetrics metrics_{registry_};
  ScrapeSink sink_;
  std::shared_ptr<const ScrapeConfig> config_;
  Target target_;
};

TEST_CASE("metadata is told of a series that is new, and of all of a family that changes") {
  Scraped s;
  const std::string a = "# HELP a first\n# TYPE a counter\na{x=\"1\"} 1\n";
  CHECK(s.scrape(a) == Lines{"a: counter||first"});
  CHECK(s.scrape(a).empty());
  CHECK(s.scrape(a + "a{x=\"2\"} 1\n") == Lines{"a: counter||first"});
  const std::string b = "# HELP b other\n# TYPE b gauge\nb 1\n";
  CHECK(s.scrape(a + "a{x=\"2\"} 1\n" + b) == Lines{"b: gauge||other"});
  const std::string changed = "# HELP a second\n# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 1\n";
  CHECK(s.scrape(changed + b) == Lines{"a: counter||second", "a: counter||second"});
  CHECK(s.scrape(changed + b).empty());
  CHECK(s.scrape(b + changed).empty());
}

TEST_CASE("without the option nothing is told, and lines are recognised as ever") {
  Scraped s(false);
  CHECK(s.scrape("# HELP a first\na 1\n").empty());
  CHECK(s.target().metadata.find("a")->help == "first");
}

TEST_CASE("series of another family than the comment's, and those without one, get none") {
  Scraped s;
  CHECK(s.scrape("lone 1\n# HELP a text\nab 1\nother 2\na 3\n") == Lines{"a: unknown||text"});
}

TEST_CASE("the name that counts is the one after relabelling") {
  ScrapeConfig config;
  RelabelRule rename;
  rename.source_labels = {"__name__"};
  rename.regex_text = "old";
  rename.regex = Regex("old");
  rename.target_label = "__name__";
  rename.replacement = "new";
  config.metric_relabel_configs = {rename};
  Scraped s(true, config);
  CHECK(s.scrape("# HELP old text\nold 1\nold{x=\"1\"} 1\n").empty());
  CHECK(s.scrape("# HELP new text\nold 1\nold{x=\"1\"} 1\n") ==
        Lines{"new: unknown||text", "new: unknown||text"});
}

TEST_CASE("units come with OpenMetrics") {
  Scraped s;
  const char* type = "application/openmetrics-text; version=1.0.0";
  const std::string head = "# TYPE x_seconds counter\n# UNIT x_seconds seconds\n";
  CHECK(s.scrape(head + "# HELP x_seconds text\nx_seconds_total 1\n# EOF\n", type) ==
        Lines{"x_seconds_total: counter|seconds|text"});
}

TEST_CASE("the series of the report are told of once") {
  Scraped s;
  s.scrape("a 1\n");
  s.storage().kill_all();
  s.scrape("a 1\n");
  CHECK(s.storage().series() == 6);
  CHECK(s.scrape("a 1\n").empty());
}

TEST_CASE("what was told in an attempt that the storage refused is told again in the next") {
  Scraped s;
  s.scrape("# HELP a first\na 1\n");
  s.storage().kill_all();  // the storage does not know the ref: the batch is made once more
  CHECK(s.scrape("# HELP a second\na 1\n# HELP b new\nb 1\n") ==
        Lines{"a: unknown||second", "b: unknown||new"});
}

TEST_CASE("a name belongs to a family by its type's suffixes") {
  CHECK(is_of_family("a_total", "a", MetricType::kCounter));
  CHECK(is_of_family("a_total", "a_total", MetricType::kCounter));
  CHECK_FALSE(is_of_family("a", "a_total", MetricType::kCounter));
  CHECK_FALSE(is_of_family("a_total", "a", MetricType::kUnknown));
  CHECK(is_of_family("a_bucket", "a", MetricType::kHistogram));
  CHECK(is_of_family("a", "a", MetricType::kHistogram));
  CHECK_FALSE(is_of_family("a_gsum", "a", MetricType::kHistogram));
  CHECK(is_of_family("a_gsum", "a", MetricType::kGaugeHistogram));
  CHECK(is_of_family("a_sum", "a", MetricType::kSummary));
  CHECK_FALSE(is_of_family("a_bucket", "a", MetricType::kSummary));
  CHECK(is_of_family("a_info", "a", MetricType::kInfo));
  CHECK_FALSE(is_of_family("b", "a", MetricType::kGauge));
}

}  // namespace
}  // namespace hearth
