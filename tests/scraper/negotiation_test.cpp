#include "scraper/negotiation.h"

#include <doctest/doctest.h>

#include "core/error.h"

namespace hearth {
namespace {

TEST_CASE("the Accept header lists the protocols by preference") {
  CHECK(accept_header({ScrapeProtocol::kOpenMetricsText1_0_0, ScrapeProtocol::kOpenMetricsText0_0_1,
                       ScrapeProtocol::kPrometheusText1_0_0, ScrapeProtocol::kPrometheusText0_0_4},
                      "allow-utf-8") ==
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2");
  CHECK(accept_header({ScrapeProtocol::kPrometheusText0_0_4}, "dots") ==
        "text/plain;version=0.0.4;q=0.6,*/*;q=0.5");
}

TEST_CASE("protobuf is asked for without an escaping scheme") {
  CHECK(accept_header({ScrapeProtocol::kPrometheusProto, ScrapeProtocol::kPrometheusText0_0_4}, "dots") ==
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.4");
}

TEST_CASE("the content type decides the format") {
  using Format = ExpositionFormat;
  CHECK(body_format("text/plain", {}) == Format::kText);
  CHECK(body_format("Text/Plain; version=0.0.4; charset=\"utf-8\"; escaping=underscores", {}) == Format::kText);
  CHECK(body_format("application/openmetrics-text;version=1.0.0;", {}) == Format::kOpenMetrics);
  CHECK(body_format("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", {}) ==
        Format::kProtobuf);
}

std::string refusal(std::string_view content_type) {
  try {
    body_format(content_type, {});
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_CASE("without a usable content type the fallback counts, or the scrape fails in Prometheus' words") {
  CHECK(refusal("") ==
        "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for "
        "target");
  CHECK(refusal("text/html") ==
        R"(received unsupported Content-Type "text/html" and no fallback_scrape_protocol specified for target)");
  CHECK(refusal("garbage;;") ==
        "cannot parse Content-Type \"garbage;;\" and no fallback_scrape_protocol for target\n"
        "mime: invalid media parameter");
  for (const char* type : {"", "text/html", "garbage;;", "application/json", "a b/c"}) {
    CHECK(body_format(type, ScrapeProtocol::kPrometheusText0_0_4) == ExpositionFormat::kText);
    CHECK(body_format(type, ScrapeProtocol::kOpenMetricsText1_0_0) == ExpositionFormat::kOpenMetrics);
  }
}

}  // namespace
}  // namespace hearth
