// Lines of text that belong together: classic histograms that are converted, "_created" lines.
#include "scraper/point_lines.h"

#include <doctest/doctest.h>

#include "tests/scraper/reading.h"

namespace hearth {
namespace {

using Lines = std::vector<std::string>;
constexpr auto kText = ExpositionFormat::kText;
constexpr auto kOpenMetrics = ExpositionFormat::kOpenMetrics;

ScrapeConfig converting() {
  ScrapeConfig config;
  config.convert_classic_histograms_to_nhcb = true;
  return config;
}

ReadFeatures zeros() {
  ReadFeatures features;
  features.zeros_at_creation = true;
  return features;
}

Lines converted(const std::string& body, ExpositionFormat format = kText) {
  return without_target(Reading(converting()).read(body, format).histograms);
}

constexpr const char* kHistogram = "# TYPE h histogram\nh_bucket{a=\"1\",le=\"1\"} 2\nh_bucket{a=\"1\",le=\"+Inf\"} 5\n"
                                   "h_sum{a=\"1\"} 7.5\nh_count{a=\"1\"} 5\n";
constexpr const char* kConverted = R"(h{a="1"} 5 7.5 [-53] [-Inf,1]:2 (1,+Inf]:3 0)";

// ---- conversion --------------------------------------------------------------------------------

TEST_CASE("the lines of a classic histogram become one histogram") {
  Reading reading(converting());
  const ReadResult result = reading.read(std::string(kHistogram) + "# TYPE g gauge\ng 1\n");
  CHECK(without_target(result.histograms) == Lines{kConverted});
  CHECK(without_target(result.samples) == Lines{"g 1 0"});
  CHECK(result.counts.total == 2);
  CHECK(result.counts.series_added == 2);
  CHECK(reading.read(kHistogram).counts.series_added == 0);
  CHECK(without_target(reading.read("g 1\n").stale) == Lines{R"(h{a="1"})"});
}

TEST_CASE("the classic series stay where they are asked for") {
  ScrapeConfig config = converting();
  config.always_scrape_classic_histograms = true;
  const ReadResult result = Reading(config).read(kHistogram);
  CHECK(without_target(result.histograms) == Lines{kConverted});
  CHECK(result.samples.size() == 4);
}

TEST_CASE("other labels, another family and the end of the body end a histogram") {
  const std::string two = std::string(kHistogram) + "h_count{a=\"2\"} 1\nh_sum{a=\"2\"} 1\n# TYPE i histogram\ni_count 3\n";
  CHECK(converted(two) == Lines{kConverted, R"(h{a="2"} 1 1 [-53] [-Inf,+Inf]:1 0)", "i 3 0 [-53] [-Inf,+Inf]:3 0"});
}

TEST_CASE("only families that say they are histograms are converted") {
  CHECK(converted("h_bucket{le=\"+Inf\"} 5\nh_count 5\nh_sum 7\n").empty());
  CHECK(converted("# TYPE h gaugehistogram\nh_bucket{le=\"+Inf\"} 5\n# EOF\n", kOpenMetrics).empty());
  const ReadResult result = Reading(converting()).read("# TYPE h histogram\nother_count 5\nh_bucket 1\nh_bucket{le=\"x\"} 2\nh 3\n");
  CHECK(result.histograms.empty());
  CHECK(result.samples.size() == 4);
}

TEST_CASE("lines that do not make a histogram are lost, as in Prometheus") {
  CHECK(converted("# TYPE h histogram\nh_sum 5\n").empty());
  CHECK(converted("# TYPE h histogram\nh_bucket{le=\"1\"} 5\nh_bucket{le=\"2\"} 4\n").empty());
  CHECK(converted("# TYPE h histogram\nh_bucket{le=\"+Inf\"} 5\nh_count 6\n").empty());
}

TEST_CASE("a histogram without a count has that of its last bucket, in whatever order they come") {
  CHECK(converted("# TYPE h histogram\nh_bucket{le=\"2\"} 5\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"1.0\"} 3\n") ==
        Lines{"h 5 0 [-53] [-Inf,1]:2 (1,2]:3 0"});
}

TEST_CASE("counts that are not whole make a float histogram") {
  CHECK(converted("# TYPE h histogram\nh_bucket{le=\"1\"} 0.5\nh_count 1.5\n") ==
        Lines{"h 1.5 0 [-53] float [-Inf,1]:0.5 (1,+Inf]:1 0"});
}

TEST_CASE("of the exemplars of its buckets a converted histogram keeps those with a time") {
  const ReadResult result = Reading(converting()).read(
      "# TYPE h histogram\nh_bucket{le=\"1\"} 2 # {id=\"b\"} 0.5 20\nh_bucket{le=\"2\"} 2 # {id=\"none\"} 0.5\n"
      "h_bucket{le=\"+Inf\"} 5 # {id=\"a\"} 7 10\n# EOF\n",
      kOpenMetrics);
  CHECK(without_target(result.exemplars) == Lines{"h {id=\"a\"} 7 10000", "h {id=\"b\"} 0.5 20000"});
}

TEST_CASE("a converted histogram has the time of its lines") {
  CHECK(converted("# TYPE h histogram\nh_bucket{le=\"1\"} 2 1234\nh_count 2 1234\n") == Lines{"h 2 0 [-53] [-Inf,1]:2 1234"});
}

TEST_CASE("types and units are told of converted histograms, too") {
  ReadFeatures features;
  features.type_and_unit_labels = true;
  CHECK(without_target(Reading(converting(), features)
                  .read("# TYPE h_s histogram\n# UNIT h_s s\nh_s_count 2\n# TYPE g gauge\ng 1\n# EOF\n", kOpenMetrics)
                  .histograms) == Lines{R"(h_s{__type__="histogram", __unit__="s"} 2 0 [-53] [-Inf,+Inf]:2 0)"});
}

// ---- creation ----------------------------------------------------------------------------------

Lines created(const std::string& body, ScrapeConfig config = {}) {
  return without_target(Reading(std::move(config), zeros()).read(body + "# EOF\n", kOpenMetrics).samples);
}

TEST_CASE("a _created line gives the series of its point their beginning, and is no series") {
  CHECK(created("# TYPE c counter\nc_total{x=\"1\"} 5\nc_created{x=\"1\"} 1.5\nc_total{x=\"2\"} 6\nc_created{x=\"2\"} 2\n"
                "c_total{x=\"3\"} 7\n") ==
        Lines{R"(c_total{x="1"} 0 1500)", R"(c_total{x="2"} 0 2000)", R"(c_total{x="1"} 5 0)", R"(c_total{x="2"} 6 0)",
              R"(c_total{x="3"} 7 0)"});
  CHECK(created("# TYPE s summary\ns{quantile=\"0.5\"} 5\ns_count 1\ns_created 3\n") ==
        Lines{R"(s{quantile="0.5"} 0 3000)", "s_count 0 3000", R"(s{quantile="0.5"} 5 0)", "s_count 1 0"});
  CHECK(created("# TYPE h histogram\nh_bucket{le=\"1\"} 5\nh_count 5\nh_created 3\n").size() == 4);
}

TEST_CASE("_created lines of other points, of gauges and in the future are no beginning") {
  CHECK(created("# TYPE c counter\nc_total{x=\"1\"} 5\nc_created{x=\"2\"} 1\n").size() == 1);
  CHECK(created("# TYPE g gauge\ng 5\ng_created 1\n") == Lines{"g 5 0", "g_created 1 0"});
  CHECK(created("# TYPE c counter\nc_total 5\nc_created 17000000000\n") == Lines{"c_total 5 0"});
  CHECK(created("# TYPE c counter\nc_total 5\n# TYPE d counter\nc_created 1\n") == Lines{"c_total 5 0"});
}

TEST_CASE("a converted histogram begins where its _created line says") {
  const ReadResult result = Reading(converting(), zeros()).read(
      "# TYPE h histogram\nh_bucket{le=\"1\"} 5\nh_count 5\nh_sum 2\nh_created 3\n# EOF\n", kOpenMetrics);
  CHECK(without_target(result.histograms) == Lines{"h 0 0 [-53] reset 3000", "h 5 2 [-53] [-Inf,1]:5 0"});
  CHECK(result.samples.empty());
}

TEST_CASE("once a histogram is converted, _created lines are not read, as in Prometheus") {
  const ReadResult result = Reading(converting()).read(
      "# TYPE c counter\nc_created 1\n# TYPE h histogram\nh_count 5\nh_created 3\n# TYPE d counter\nd_created 1\n"
      "# TYPE g gauge\ng_created 1\n# EOF\n", kOpenMetrics);
  CHECK(without_target(result.samples) == Lines{"c_created 1 0", "g_created 1 0"});
}

TEST_CASE("without the feature _created lines are series") {
  const ReadResult result = Reading().read("# TYPE c counter\nc_total 5\nc_created 1\n# EOF\n", kOpenMetrics);
  CHECK(without_target(result.samples) == Lines{"c_total 5 0", "c_created 1 0"});
}

TEST_CASE("zeros of known series come only where they began again") {
  Reading reading({}, zeros());
  const auto zeros_of = [&](const std::string& when) {
    return reading.read("# TYPE c counter\nc_total 5\nc_created " + when + "\n# EOF\n", kOpenMetrics).counts.zeros;
  };
  CHECK(zeros_of("1") == 1);
  CHECK(zeros_of("1") == 0);
  CHECK(zeros_of("1700000002.5") == 1);
}

// ---- types and units ---------------------------------------------------------------------------

TEST_CASE("types and units become labels of the series of their family") {
  ReadFeatures features;
  features.type_and_unit_labels = true;
  const auto read = [&](const std::string& body, ExpositionFormat format) {
    return without_target(Reading({}, features).read(body, format).samples);
  };
  CHECK(read("# TYPE a_s counter\n# UNIT a_s s\na_s_total 1\nb 2\n# TYPE b gauge\nb 3\n# TYPE c unknown\nc 1\n# EOF\n", kOpenMetrics) ==
        Lines{R"(a_s_total{__type__="counter", __unit__="s"} 1 0)", "b 2 0", "c 1 0"});
  CHECK(read("# TYPE a counter\na{__type__=\"mine\",__unit__=\"mine\"} 1\n", kText) ==
        Lines{R"(a{__type__="counter", __unit__="mine"} 1 0)"});
}

}  // namespace
}  // namespace hearth
