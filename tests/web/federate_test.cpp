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
  CHECK(content_type(choose_federate_format("")) ==
        "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  CHECK_FALSE(choose_federate_format("application/openmetrics-text;version=1.0.0").protobuf);
  CHECK(choose_federate_format(kProtobuf).protobuf);
  CHECK(content_type(choose_federate_format(std::string(kProtobuf) + ";escaping=values")) ==
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
        "encoding=delimited; escaping=values");
  CHECK_FALSE(choose_federate_format(std::string(kProtobuf) + ";q=0.5,text/plain;q=0.6").protobuf);
  CHECK(choose_federate_format("text/plain;version=1.0.0;escaping=allow-utf-8").escaping ==
        NameEscaping::kNone);
  CHECK_FALSE(choose_federate_format(",;=;q=,text/*;q=nonsense").protobuf);
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
  CHECK(text_of({false, NameEscaping::kNone}, family) ==
        "# TYPE \"a.b\" untyped\n{\"a.b\",\"c.d\"=\"1\"} 1 1000\n");
  CHECK(text_of({false, NameEscaping::kUnderscores}, family) ==
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
