#include "web/federate_format.h"

#include <doctest/doctest.h>

#include "tests/web/test_server.h"

using namespace hearth;
using namespace hearth::web;

namespace {

constexpr const char* kProtobuf =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

FederatedSeries series(Labels labels, double value) {
  FederatedSeries one;
  one.labels = std::move(labels);
  one.t = 1000;
  one.value = value;
  return one;
}

std::string text_of(const FederateFormat& format, std::span<const FederatedSeries> family,
                    std::span<const Label> external = {}) {
  std::string out;
  append_family(out, format, family, true, external);
  return out;
}

}  // namespace

TEST_CASE("the format is the best of those that the client takes") {
  const auto chosen = [](const std::string& accept) {
    return choose_federate_format(accept).exposition;
  };
  CHECK(content_type(choose_federate_format("")) ==
        "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  CHECK(chosen("*/*") == Exposition::kText);
  CHECK(chosen(kProtobuf) == Exposition::kProtobuf);
  CHECK(content_type(choose_federate_format(std::string(kProtobuf) + ";escaping=values")) ==
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
        "encoding=delimited; escaping=values");
  CHECK(chosen(std::string(kProtobuf) + ";q=0.5,text/plain;q=0.6") == Exposition::kText);
  CHECK(choose_federate_format("text/plain;version=1.0.0;escaping=allow-utf-8").escaping ==
        NameEscaping::kNone);
  CHECK(chosen(",;=;q=,text/*;q=nonsense") == Exposition::kText);
}

TEST_CASE("OpenMetrics is for those who like it best") {
  const auto chosen = [](const std::string& accept) {
    return choose_federate_format(accept).exposition;
  };
  const std::string openmetrics = "application/openmetrics-text;version=1.0.0";
  CHECK(chosen(openmetrics) == Exposition::kOpenMetrics);
  CHECK(chosen("application/openmetrics-text") == Exposition::kOpenMetrics);
  CHECK(chosen(openmetrics + ";q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2") ==
        Exposition::kOpenMetrics);
  CHECK(chosen(openmetrics + ";q=0.5,text/plain;q=0.6") == Exposition::kText);
  CHECK(chosen(openmetrics + ";q=0.5," + kProtobuf + ";q=0.6") == Exposition::kProtobuf);
  CHECK(chosen(openmetrics + ";q=0") == Exposition::kText);
  CHECK(chosen("application/openmetrics-text;version=2.0.0,text/plain;q=0.1") == Exposition::kText);
  CHECK(content_type(choose_federate_format(openmetrics + ";escaping=allow-utf-8")) ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
}

TEST_CASE("OpenMetrics has times in seconds and no types, and ends with its end") {
  const FederateFormat format{Exposition::kOpenMetrics, NameEscaping::kNone};
  std::vector<FederatedSeries> family;
  for (const TimeMs t :
       std::vector<TimeMs>{1'700'000'000'250, 1'700'000'000'000, 1'001, -30, -1'500}) {
    family.push_back(series({{"__name__", "a.b_total"}}, 1));
    family.back().t = t;
  }
  CHECK(text_of(format, family) ==
        "# TYPE \"a.b_total\" unknown\n"
        "{\"a.b_total\"} 1 1700000000.25\n"
        "{\"a.b_total\"} 1 1700000000\n"
        "{\"a.b_total\"} 1 1.001\n"
        "{\"a.b_total\"} 1 -0.03\n"
        "{\"a.b_total\"} 1 -1.5\n");
  const TestServer server;
  const auto asked = [&](const std::string& selector) {
    return server.get("/federate?match[]=" + selector, "Accept: application/openmetrics-text\r\n");
  };
  CHECK(asked("up").body ==
        "# TYPE up unknown\n"
        "up{instance=\"h:1\",job=\"a\"} 1 1700000000\n"
        "up{instance=\"h:2\",job=\"b\"} 0 1700000000\n"
        "# EOF\n");
  CHECK(asked("nothing").body == "# EOF\n");
}

TEST_CASE("text has one type for each family, and the external labels that are missing") {
  std::vector<FederatedSeries> family;
  family.push_back(series({{"__name__", "a"}, {"job", "x\"\\\n"}}, 1.5));
  family.push_back(series({{"__name__", "a"}, {"region", "own"}}, -0.0));
  const std::vector<Label> external = {{"instance", ""}, {"region", "eu"}};
  CHECK(text_of({}, family, external) ==
        "# TYPE a untyped\n"
        "a{job=\"x\\\"\\\\\\n\",instance=\"\",region=\"eu\"} 1.5 1000\n"
        "a{region=\"own\",instance=\"\"} 0 1000\n");
  family.clear();
  family.push_back(series({{"__name__", "b"}}, 1e21));
  CHECK(text_of({}, family) == "# TYPE b untyped\nb 1e+21 1000\n");
}

TEST_CASE("names beyond the old alphabet are quoted for those who know them, escaped for others") {
  std::vector<FederatedSeries> family;
  family.push_back(series({{"__name__", "a.b"}, {"c.d", "1"}}, 1));
  CHECK(text_of({Exposition::kText, NameEscaping::kNone}, family) ==
        "# TYPE \"a.b\" untyped\n{\"a.b\",\"c.d\"=\"1\"} 1 1000\n");
  CHECK(text_of({Exposition::kText, NameEscaping::kUnderscores}, family) ==
        "# TYPE a_b untyped\na_b{c_d=\"1\"} 1 1000\n");
}

TEST_CASE("histograms are a family of their own, gauges of them another") {
  FederatedSeries plain = series({{"__name__", "a"}}, 1),
                  histogram = series({{"__name__", "a"}}, 1),
                  gauge = series({{"__name__", "a"}}, 1);
  histogram.histogram = std::make_unique<FloatHistogram>();
  gauge.histogram = std::make_unique<FloatHistogram>();
  gauge.histogram->counter_reset_hint = CounterResetHint::kGauge;
  CHECK(same_family(plain, plain));
  CHECK_FALSE(same_family(plain, histogram));
  CHECK_FALSE(same_family(histogram, gauge));
}

TEST_CASE("what selectors find is federated, sorted and each once") {
  const TestServer server;
  const Reply reply = server.get("/federate?match[]=up&match[]={job=%22a%22}");
  CHECK(reply.status == 200);
  CHECK(reply.header("content-type") ==
        "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  CHECK(reply.body ==
        "# TYPE up untyped\n"
        "up{instance=\"h:1\",job=\"a\"} 1 1700000000000\n"
        "up{instance=\"h:2\",job=\"b\"} 0 1700000000000\n");
  CHECK(server.get("/federate").body == "");
  CHECK(server.get("/federate?match[]={").status == 400);
  CHECK(server.get("/federate?match[]=%zz").status == 400);
}
