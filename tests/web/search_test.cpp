#include "web/api_search.h"

#include <doctest/doctest.h>

#include "tests/web/test_server.h"

using namespace hearth::web;

TEST_CASE("names and values are found by a part of them, as lines of JSON") {
  const TestServer server;
  const auto ask = [&](const std::string& target) {
    return server.get("/api/v1/search/" + target).body;
  };
  CHECK(ask("metric_names?search[]=d") ==
        "{\"results\":[{\"name\":\"dotted.name\"},{\"name\":\"odd\"}]}\n"
        "{\"status\":\"success\",\"has_more\":false}\n");
  CHECK(ask("metric_names?limit=1&batch_size=5&sort_dir=dsc") ==
        "{\"results\":[{\"name\":\"up\"}]}\n{\"status\":\"success\",\"has_more\":true}\n");
  CHECK(ask("metric_names?batch_size=2&search[]=up&search[]=odd&search[]=dot") ==
        "{\"results\":[{\"name\":\"dotted.name\"},{\"name\":\"odd\"}]}\n"
        "{\"results\":[{\"name\":\"up\"}]}\n{\"status\":\"success\",\"has_more\":false}\n");
  CHECK(ask("label_names?match[]=up&search[]=inst") ==
        "{\"results\":[{\"name\":\"instance\"}]}\n{\"status\":\"success\",\"has_more\":false}\n");
  CHECK(ask("label_values?label=job") ==
        "{\"results\":[{\"value\":\"a\"},{\"value\":\"b\"}]}\n"
        "{\"status\":\"success\",\"has_more\":false}\n");
  CHECK(ask("metric_names?search[]=UP") == "{\"status\":\"success\",\"has_more\":false}\n");
  CHECK(ask("metric_names?search[]=UP&case_sensitive=false") ==
        "{\"results\":[{\"name\":\"up\"}]}\n{\"status\":\"success\",\"has_more\":false}\n");
}

TEST_CASE("a search that cannot be is refused") {
  const TestServer server;
  for (const char* bad :
       {"metric_names?limit=0", "metric_names?limit=x", "metric_names?fuzz_alg=x",
        "metric_names?sort_by=x", "metric_names?fuzz_threshold=101",
        "metric_names?sort_by=score&sort_dir=asc", "label_values", "label_names?match[]={",
        "label_names?start=x", "metric_names?case_sensitive=maybe"}) {
    CAPTURE(bad);
    const Reply reply = server.get(std::string("/api/v1/search/") + bad);
    CHECK(reply.status == 400);
    CHECK(reply.body.starts_with(R"({"status":"error","errorType":"bad_data","error":)"));
  }
}

TEST_CASE("what is nearer to the searched text scores higher") {
  CHECK(subsequence_score("up", "up") == doctest::Approx(1));
  CHECK(subsequence_score("http_requests", "http") > subsequence_score("my_http_requests", "http"));
  CHECK(subsequence_score("http_requests", "http") > subsequence_score("hot_tap_pipe", "htp"));
  CHECK(subsequence_score("abc", "ca") == 0);
  CHECK(jaro_winkler_score("martha", "marhta") == doctest::Approx(0.9611).epsilon(0.001));
  CHECK(jaro_winkler_score("dixon", "dicksonx") == doctest::Approx(0.8133).epsilon(0.001));
  CHECK(jaro_winkler_score("a", "b") == 0);
}
