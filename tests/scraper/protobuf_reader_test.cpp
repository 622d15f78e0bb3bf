// Protobuf bodies: what they become, and what is wrong with them.
#include "scraper/protobuf_reader.h"

#include <doctest/doctest.h>

#include <limits>

#include "tests/scraper/client_bytes.h"
#include "tests/scraper/reading.h"

namespace hearth {
namespace {

using Lines = std::vector<std::string>;
using client::bytes;
using client::number;
using client::real;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr uint64_t kSeconds = 1'600'000'000;

std::string histogram(uint64_t count, double sum, const std::string& more) {
  return bytes(7, number(1, count) + real(2, sum) + more);
}

struct Body {
  ScrapeConfig config;
  ReadFeatures features;
  ReadResult read(const std::string& text) const {
    ReadResult result = Reading(config, features).read(text, ExpositionFormat::kProtobuf);
    for (Lines* lines : {&result.samples, &result.histograms, &result.exemplars}) *lines = without_target(*lines);
    return result;
  }
  std::string fault(const std::string& text) const {
    return Reading(config, features).fault(text, ExpositionFormat::kProtobuf);
  }
};

Body native() {
  Body body;
  body.config.scrape_native_histograms = true;
  return body;
}

// ---- floats ------------------------------------------------------------------------------------

TEST_CASE("counters, gauges and untyped metrics are one sample each") {
  const ReadResult result = Body().read(
      client::family("c_total", client::kCounter, {client::counter(17, {{"code", "200"}}), client::counter(-0.5)}) +
      client::family("g", client::kGauge, {client::gauge(kInfinity, {{"höhe", "ü"}})}) +
      client::family("u", client::kUntyped, {bytes(5, real(1, 3)) + number(6, 1234)}) +
      client::family("nothing", client::kGauge, {}) + client::family("no value", client::kGauge, {""}));
  CHECK(result.samples == Lines{R"(c_total{code="200"} 17 0)", "c_total -0.5 0", R"(g{"höhe"="ü"} +Inf 0)",
                                "u 3 1234", R"({"no value"} 0 0)"});
  CHECK(result.counts.total == 5);
}

TEST_CASE("a summary is its count, its sum and its quantiles") {
  const std::string quantiles =
      bytes(3, real(1, 0.5) + real(2, 7)) + bytes(3, real(1, 1) + real(2, 8)) + bytes(3, real(1, 0.99));
  CHECK(Body().read(client::family("s", client::kSummary, {bytes(4, number(1, 9) + real(2, 4.5) + quantiles)})).samples ==
        Lines{"s_count 9 0", "s_sum 4.5 0", R"(s{quantile="0.5"} 7 0)", R"(s{quantile="1.0"} 8 0)",
              R"(s{quantile="0.99"} 0 0)"});
  CHECK(Body().read(client::family("s", client::kSummary, {bytes(4, number(1, 9) + real(2, 4.5))})).samples ==
        Lines{"s_count 9 0", "s_sum 4.5 0"});
}

TEST_CASE("a classic histogram is its count, its sum and its buckets up to +Inf") {
  const std::string two = client::bucket(0.1, 2) + client::bucket(10, 5);
  CHECK(Body().read(client::family("h", client::kHistogram, {histogram(7, 2.5, two)})).samples ==
        Lines{"h_count 7 0", "h_sum 2.5 0", R"(h_bucket{le="0.1"} 2 0)", R"(h_bucket{le="10.0"} 5 0)",
              R"(h_bucket{le="+Inf"} 7 0)"});
  CHECK(Body().read(client::family("h", client::kHistogram, {histogram(7, 2.5, two + client::bucket(kInfinity, 7))}))
            .samples.size() == 5);
  const std::string floats = real(4, 1.5) + bytes(3, real(4, 0.5) + real(2, 1));
  CHECK(Body().read(client::family("h", client::kGaugeHistogram, {bytes(7, floats)})).samples ==
        Lines{"h_count 1.5 0", "h_sum 0 0", R"(h_bucket{le="1.0"} 0.5 0)", R"(h_bucket{le="+Inf"} 1.5 0)"});
}

TEST_CASE("exemplars of counters and buckets have their own time or the scrape's") {
  const ReadResult result = Body().read(
      client::family("c", client::kCounter, {client::counter(1, {}, bytes(2, client::exemplar(3, "a", kSeconds)))}) +
      client::family("h", client::kHistogram, {histogram(7, 2.5, client::bucket(0.1, 2, client::exemplar(4, "b")))}));
  CHECK(result.exemplars == Lines{"c {id=\"a\"} 3 1600000000000", R"(h_bucket{le="0.1"} {id="b"} 4 0)"});
}

// As Prometheus 3.5 answers, which reads all that a metric may have, whatever its family says.
TEST_CASE("a value of another type than the family's is refused where it is broken, and ignored where it is not") {
  const auto untyped = [](const std::string& more) {
    return client::family("u", client::kUntyped, {bytes(5, real(1, 3)) + more});
  };
  const std::string good = bytes(2, real(1, 1)) + bytes(3, real(1, 1) + bytes(2, client::exemplar(1, "a"))) +
                           bytes(4, bytes(3, real(1, 1))) + histogram(1, 2, client::bucket(1, 1));
  CHECK(Body().read(untyped(good)).samples == Lines{"u 3 0"});
  for (const std::string& broken : {bytes(7, "\x1a\x05"), bytes(7, bytes(3, number(2, 1))), bytes(7, bytes(16, "\x0a\x09")),
                                    bytes(4, bytes(3, "\x09")), bytes(3, bytes(2, bytes(1, "\x0a\x7e"))), bytes(2, number(1, 1))}) {
    CAPTURE(broken);
    CHECK(Body().fault(untyped(broken)) != "");
    CHECK(Body().fault(untyped(good + broken)) != "");
  }
  CHECK(Body().fault(untyped(bytes(7, bytes(3, number(2, 1))))) == "proto: wrong wireType = 0 for field UpperBound");
  CHECK(Body().read(client::family("g", client::kGauge, {bytes(2, real(1, 3) + bytes(2, "\x0a\x09"))})).samples ==
        Lines{"g 3 0"});
}

TEST_CASE("a value that comes in parts is one, but each part must be whole") {
  const std::string parts = histogram(1, 2, client::bucket(1, 1)) + bytes(7, number(1, 4)) + bytes(7, client::bucket(2, 3));
  CHECK(Body().read(client::family("h", client::kHistogram, {parts})).samples ==
        Lines{"h_count 4 0", "h_sum 2 0", R"(h_bucket{le="1.0"} 1 0)", R"(h_bucket{le="2.0"} 3 0)",
              R"(h_bucket{le="+Inf"} 4 0)"});
  const std::string torn = bytes(7, "\x08") + bytes(7, "\x01");
  CHECK(Body().fault(client::family("h", client::kHistogram, {torn})) == "unexpected EOF");
}

TEST_CASE("an untyped metric without a value has that of the one before") {
  CHECK(Body().read(client::family("u", client::kUntyped, {client::labels({{"a", "1"}}) + bytes(5, real(1, 3)), ""})).samples ==
        Lines{R"(u{a="1"} 3 0)", "u 3 0"});
}

TEST_CASE("an exemplar whose label is no UTF-8 is kept") {
  const ReadResult result =
      Body().read(client::family("c", client::kCounter, {client::counter(1, {}, bytes(2, client::exemplar(3, "\xc3")))}));
  CHECK(result.samples == Lines{"c 1 0"});
  CHECK(result.exemplars.size() == 1);
}

// ---- native histograms -------------------------------------------------------------------------

TEST_CASE("a native histogram is one sample, and its classic buckets come along when they are asked for") {
  const std::string both = client::family(
      "h", client::kHistogram, {histogram(4, 2.5, client::bucket(1, 2) + client::two_buckets(0, 3))});
  Body body = native();
  ReadResult result = body.read(both);
  CHECK(result.samples.empty());
  CHECK(result.histograms == Lines{"h 4 2.5 [0] (2,4]:1 (4,8]:3 0"});
  body.config.always_scrape_classic_histograms = true;
  result = body.read(both);
  CHECK(result.histograms.size() == 1);
  CHECK(result.samples == Lines{"h_count 4 0", "h_sum 2.5 0", R"(h_bucket{le="1.0"} 2 0)", R"(h_bucket{le="+Inf"} 4 0)"});
  result = Body().read(both);  // native histograms are not asked for
  CHECK(result.histograms.empty());
  CHECK(result.samples.size() == 4);
}

TEST_CASE("gauge histograms, float counts and empty native histograms are told apart") {
  const std::string floats = real(4, 3.5) + real(2, 1) + real(8, 0.5) + real(6, 0.001) +
                             bytes(12, number(2, 1)) + real(14, 3);
  const std::string no_op = bytes(12, number(1, 0) + number(2, 0));
  const ReadResult result = native().read(
      client::family("g", client::kGaugeHistogram, {histogram(4, 2.5, client::two_buckets(0, 3))}) +
      client::family("f", client::kHistogram, {bytes(7, floats)}) +
      client::family("e", client::kHistogram, {histogram(0, 0, no_op)}));
  CHECK(result.histograms == Lines{"g 4 2.5 [0] gauge (2,4]:1 (4,8]:3 0",
                                   "f 3.5 1 [0] float [-0.001,0.001]:0.5 (0.5,1]:3 0", "e 0 0 [0] 0"});
}

TEST_CASE("of the exemplars of a native histogram those with a time are kept, by time") {
  const std::string own = bytes(16, client::exemplar(1, "late", kSeconds + 1)) + bytes(16, client::exemplar(2, "none")) +
                          bytes(16, client::exemplar(3, "early", kSeconds));
  const std::string classic = client::bucket(1, 2, client::exemplar(5, "bucket", kSeconds)) +
                              client::bucket(2, 3, client::exemplar(5, "none"));
  const auto exemplars = [&](const std::string& more) {
    return native().read(client::family("h", client::kHistogram, {histogram(4, 2.5, client::two_buckets(0, 3) + more)})).exemplars;
  };
  CHECK(exemplars(own + classic) == Lines{"h {id=\"early\"} 3 1600000000000", "h {id=\"late\"} 1 1600000001000"});
  CHECK(exemplars(classic) == Lines{"h {id=\"bucket\"} 5 1600000000000"});
}

TEST_CASE("classic histograms become histograms of custom buckets where that is asked for") {
  const std::string classic = client::family(
      "h", client::kHistogram, {histogram(7, 2.5, client::bucket(0.1, 2) + client::bucket(10, 5))});
  Body body;
  body.config.convert_classic_histograms_to_nhcb = true;
  CHECK(body.read(classic).samples.empty());
  CHECK(body.read(classic).histograms == Lines{"h 7 2.5 [-53] [-Inf,0.1]:2 (0.1,10]:3 (10,+Inf]:2 0"});
  body.config.always_scrape_classic_histograms = true;
  CHECK(body.read(classic).samples.size() == 5);
  CHECK(body.fault(client::family("h", client::kHistogram, {histogram(7, 2.5, client::bucket(kInfinity, 5))})) ==
        "count mismatch: count=7 != le=+Inf count=5");
}

// ---- limits ------------------------------------------------------------------------------------

TEST_CASE("too many buckets lower the resolution, or fail the scrape") {
  const std::string fine = client::family("h", client::kHistogram, {histogram(4, 2.5, client::two_buckets(4, 3))});
  Body body = native();
  body.config.native_histogram_bucket_limit = 1;
  CHECK(body.read(fine).histograms == Lines{"h 4 2.5 [2] (1,1.189207115002721]:4 0"});
  body.config.native_histogram_bucket_limit = 0;
  body.config.native_histogram_min_bucket_factor = 2;
  CHECK(body.read(fine).histograms == Lines{"h 4 2.5 [0] (1,2]:4 0"});
  body.config.convert_classic_histograms_to_nhcb = true;
  body.config.native_histogram_bucket_limit = 1;
  CHECK(body.fault(client::family("h", client::kHistogram, {histogram(7, 1, client::bucket(1, 3))})) ==
        "histogram bucket limit exceeded");
}

TEST_CASE("a schema finer than can be stored is made coarser") {
  CHECK(native().read(client::family("h", client::kHistogram, {histogram(4, 2.5, client::two_buckets(12, 3))}))
            .histograms.size() == 1);
}

// ---- features ----------------------------------------------------------------------------------

TEST_CASE("zeros go where counters were created, once") {
  Body body = native();
  body.features.zeros_at_creation = true;
  const auto created = [](uint64_t seconds, uint32_t field) { return bytes(field, client::timestamp(seconds, 500'000'000)); };
  const auto text = [&](uint64_t seconds) {
    return client::family("c", client::kCounter, {client::counter(17, {}, created(seconds, 3))}) +
           client::family("g", client::kGauge, {client::gauge(1)}) +
           client::family("s", client::kSummary, {bytes(4, number(1, 2) + created(seconds, 4))}) +
           client::family("h", client::kHistogram, {histogram(4, 2.5, client::two_buckets(0, 3) + created(seconds, 15))});
  };
  Reading reading(body.config, body.features);
  ReadResult result = reading.read(text(kSeconds), ExpositionFormat::kProtobuf);
  CHECK(without_target(result.samples) == Lines{"c 0 1600000000500", "s_count 0 1600000000500", "s_sum 0 1600000000500",
                                       "c 17 0", "g 1 0", "s_count 2 0", "s_sum 0 0"});
  CHECK(without_target(result.histograms) ==
        Lines{"h 0 0 [0] reset 1600000000500", "h 4 2.5 [0] (2,4]:1 (4,8]:3 0"});
  CHECK(result.counts.zeros == 3);
  CHECK(result.counts.zero_histograms == 1);
  CHECK(result.counts.total == 5);
  result = reading.read(text(kSeconds), ExpositionFormat::kProtobuf);
  CHECK(result.counts.zeros == 0);
  result = reading.read(text(Reading::kStart / 1000 + 2), ExpositionFormat::kProtobuf);  // it has begun again
  CHECK(without_target(result.samples).front() == "c 0 1700000002500");
  result = reading.read(text(Reading::kStart / 1000 + 9999), ExpositionFormat::kProtobuf);  // in the future
  CHECK(result.counts.zeros == 0);
}

TEST_CASE("types and units become labels, before those that the target exposes under their names") {
  Body body;
  body.features.type_and_unit_labels = true;
  CHECK(body.read(client::family("a_bytes_total", client::kCounter, {client::counter(1, {{"__type__", "x"}})}, "", "bytes") +
                  client::family("b", client::kUntyped, {client::gauge(1, {{"__unit__", "u"}})}))
            .samples == Lines{R"(a_bytes_total{__type__="counter", __unit__="bytes"} 1 0)", R"(b{__unit__="u"} 0 0)"});
}

TEST_CASE("help, type and unit are the family's metadata") {
  Reading reading;
  reading.read(client::family("a_bytes", client::kGauge, {client::gauge(1)}, "How much.", "bytes"),
               ExpositionFormat::kProtobuf);
  CHECK(reading.metadata().find("a_bytes") == Metadata{MetricType::kGauge, "bytes", "How much."});
  const hearth::Body body(client::family("b", client::kGauge, {client::gauge(1)}) +
                          client::family("a", client::kGauge, {client::gauge(1)}) + client::family("c", 0, {}));
  CHECK(families_of(body, ExpositionFormat::kProtobuf) == Lines{"a", "b"});
}

TEST_CASE("a metric that comes again has no labels parsed, whatever stands around it") {
  const std::string a = client::family("a", client::kGauge, {client::gauge(1, {{"x", "1"}})});
  const std::string b = client::family("b", client::kHistogram, {histogram(7, 2.5, client::bucket(1, 3))});
  Reading reading;
  reading.read(a + b, ExpositionFormat::kProtobuf);
  const size_t interned = reading.interned();
  CHECK(reading.read(a + b, ExpositionFormat::kProtobuf).counts.series_added == 0);
  CHECK(reading.read(b + a, ExpositionFormat::kProtobuf).counts.series_added == 0);
  CHECK(reading.interned() == interned);
  CHECK(reading.read(b, ExpositionFormat::kProtobuf).stale == Lines{R"(a{instance="i", job="j", x="1"})"});
}

TEST_CASE("one family twice, and one series twice") {
  const std::string family = client::family("a", client::kGauge, {client::gauge(1), client::gauge(2)});
  const ReadResult result = Body().read(family + family);
  CHECK(result.samples == Lines{"a 1 0"});
  CHECK(result.counts.duplicates == 3);
}

TEST_CASE("labels that do not stand together are read all the same") {
  const std::string metric = client::labels({{"a", "1"}}) + bytes(2, real(1, 5)) + client::labels({{"b", "2"}});
  const std::string body = client::family("m", client::kGauge, {metric});
  Reading reading;
  CHECK(without_target(reading.read(body, ExpositionFormat::kProtobuf).samples) == Lines{R"(m{a="1", b="2"} 5 0)"});
  CHECK(reading.read(body, ExpositionFormat::kProtobuf).counts.series_added == 0);
}

// ---- faults ------------------------------------------------------------------------------------

TEST_CASE("what is wrong with a body is said in Prometheus' words") {
  const std::string gauge = client::gauge(1);
  const auto fault = [](const std::string& text) { return native().fault(text); };
  CHECK(fault(client::family("", client::kGauge, {gauge})) == "invalid metric name: ");
  CHECK(fault(client::family("a", client::kGauge, {gauge}, "\xff")) == "invalid help for metric \"a\": \xff");
  CHECK(fault(client::family("a", 9, {gauge})) == "unknown metric type for metric \"a\": 9");
  CHECK(fault(client::family("a", client::kGauge, {gauge}, "", "bytes")) == "unit \"bytes\" not a suffix of metric \"a\"");
  CHECK(fault(client::family("a_total", client::kCounter, {gauge}, "", "s")) ==
        "unit \"s\" not a suffix of counter \"a_total\"");
  CHECK(fault(client::family("a", client::kGauge, {client::gauge(1, {{"", "x"}})})) == "invalid label name: ");
  CHECK(fault(client::family("a", client::kGauge, {client::gauge(1, {{"x", "\xff"}})})) == "invalid label value: \xff");
  CHECK(fault("\x7f\x01") ==
        "clientpb: insufficient length of buffer, expected at least 128 bytes, got 2 bytes");
  CHECK(fault(std::string(12, '\xff')) == "clientpb: invalid varint encountered");
  CHECK(fault(client::varint(2) + number(1, 1)) == "proto: wrong wireType = 0 for field Name");
  CHECK(fault(client::varint(2) + "\x0a\x05") == "unexpected EOF");
  CHECK(fault(client::family("h", client::kHistogram, {histogram(9, 1, client::two_buckets(0, 3))})) ==
        "4 observations found in buckets, but the Count field is 9: histogram's observation count should equal the "
        "number of observations found in the buckets (in absence of NaN)");
  CHECK(fault(client::family("h", client::kHistogram, {histogram(4, 1, client::two_buckets(0, 3) + bytes(12, number(2, 3)))}))
            .ends_with("histogram spans specify different number of buckets than provided"));
}

}  // namespace
}  // namespace hearth
