#include "web/api.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/web/test_server.h"
#include "web/api_targets.h"
#include "web/name_escaping.h"
#include "web/params.h"

using namespace hearth;
using namespace hearth::web;

namespace {

std::string bad_data(const std::string& error) {
  return R"({"status":"error","errorType":"bad_data","error":")" + error + "\"}";
}
std::string success(const std::string& data) {
  return R"({"status":"success","data":)" + data + "}";
}

struct Case {
  std::string target;
  int status;
  std::string body;
};

void check_all(const TestServer& server, const std::vector<Case>& cases) {
  RawClient client(server.port);
  for (const Case& c : cases) {
    CAPTURE(c.target);
    const Reply reply = client.get("/api/v1/" + c.target);
    CHECK(reply.status == c.status);
    CHECK(reply.body == c.body);
    CHECK(reply.header("content-type") == "application/json");
  }
}

constexpr const char* kSteps =
    "zero or negative query resolution step widths are not accepted. Try a positive integer";
constexpr const char* kResolution =
    "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query "
    "resolution (?step=XX)";

}  // namespace

TEST_CASE("every wrong parameter of a query is refused in Prometheus' words") {
  const TestServer server;
  const std::string range = "query_range?query=1&";
  const auto invalid = [](const std::string& name, const std::string& why) {
    return bad_data("invalid parameter \\\"" + name + "\\\": " + why);
  };
  check_all(
      server,
      {
          {"query", 400,
           invalid("query", "unknown position: parse error: no expression found in input")},
          {"query?query=1%2B", 400, invalid("query", "1:3: parse error: unexpected end of input")},
          {"query?query=%zz", 400,
           invalid("query", "unknown position: parse error: no expression found in input")},
          {"query?query=1&time=x", 400,
           invalid("time",
                   "invalid time value for 'time': cannot parse \\\"x\\\" to a valid timestamp")},
          {"query?query=1&timeout=x", 400,
           invalid("timeout", "cannot parse \\\"x\\\" to a valid duration")},
          {"query?query=1&timeout=1ns", 400,
           invalid("timeout", "cannot parse \\\"1ns\\\" to a valid duration")},
          {"query?query=1&limit=x", 400,
           invalid("limit", "strconv.Atoi: parsing \\\"x\\\": invalid syntax")},
          {"query?query=1&limit=1.5", 400,
           invalid("limit", "strconv.Atoi: parsing \\\"1.5\\\": invalid syntax")},
          {"query?query=1&limit=99999999999999999999", 400,
           invalid("limit",
                   "strconv.Atoi: parsing \\\"99999999999999999999\\\": value out of range")},
          {"query?query=1&limit=-1", 400, invalid("limit", "limit must be non-negative")},
          {"query?query=1&lookback_delta=x", 400,
           bad_data("error parsing lookback delta duration: cannot parse \\\"x\\\" to a valid "
                    "duration")},
          {"query_range?query=1", 400,
           invalid("start", "cannot parse \\\"\\\" to a valid timestamp")},
          {range + "start=0", 400, invalid("end", "cannot parse \\\"\\\" to a valid timestamp")},
          {range + "start=x&end=1&step=1", 400,
           invalid("start", "cannot parse \\\"x\\\" to a valid timestamp")},
          {range + "start=0&end=%3C&step=1", 400,
           invalid("end", "cannot parse \\\"\\u003c\\\" to a valid timestamp")},
          {range + "start=5&end=1&step=1", 400,
           invalid("end", "end timestamp must not be before start time")},
          {range + "start=0&end=1", 400,
           invalid("step", "cannot parse \\\"\\\" to a valid duration")},
          {range + "start=0&end=1&step=x", 400,
           invalid("step", "cannot parse \\\"x\\\" to a valid duration")},
          {range + "start=0&end=1&step=0", 400, invalid("step", kSteps)},
          {range + "start=0&end=1&step=-1", 400, invalid("step", kSteps)},
          {range + "start=0&end=1&step=NaN", 400, invalid("step", kSteps)},
          {range + "start=0&end=1&step=0.0001", 400, invalid("step", kSteps)},
          {range + "start=0&end=1&step=1e30", 400,
           invalid("step", "cannot parse \\\"1e30\\\" to a valid duration. It overflows int64")},
          {range + "start=0&end=11001&step=1", 400, bad_data(kResolution)},
          {range + "start=NaN&end=1e10&step=1", 400, bad_data(kResolution)},
          {range + "start=0&end=2&step=0.0001", 400, bad_data(kResolution)},
          {"format_query?query=up%7B", 400,
           invalid("query", "1:4: parse error: unexpected end of input inside braces")},
      });
}

TEST_CASE("a limit and a time are read before the query") {
  const TestServer server;
  CHECK(server.get("/api/v1/query?query=%7B&limit=-1").body ==
        bad_data("invalid parameter \\\"limit\\\": limit must be non-negative"));
}

TEST_CASE("a query over the socket") {
  const TestServer server;
  RawClient client(server.port);
  const auto body = [&](const std::string& target) { return client.get("/api/v1/" + target).body; };
  CHECK(body("query?query=1&time=1.5") == success(R"({"resultType":"scalar","result":[1.5,"1"]})"));
  CHECK(
      body("query?query=up") ==
      success(
          R"({"resultType":"vector","result":[)"
          R"({"metric":{"__name__":"up","instance":"h:1","job":"a"},"value":[1700000000,"1"]},)"
          R"({"metric":{"__name__":"up","instance":"h:2","job":"b"},"value":[1700000000,"0"]}]})"));
  CHECK(body("query?query=up&limit=1") ==
        R"({"status":"success","data":{"resultType":"vector","result":[)"
        R"({"metric":{"__name__":"up","instance":"h:1","job":"a"},"value":[1700000000,"1"]}]},)"
        R"("warnings":["results truncated due to limit"]})");
  CHECK(body("query?query=%7B%22dotted.name%22%7D[1m]&time=2023-11-14T22:13:20.5Z") ==
        success(R"({"resultType":"matrix","result":[{"metric":{"__name__":"dotted.name",)"
                R"("la bel":"x"},"values":[[1699999970,"2.5"],[1700000000,"2.5"]]}]})"));
  CHECK(body("query_range?query=sum(up)&start=1699999940&end=1700000000&step=30s") ==
        success(R"({"resultType":"matrix","result":[{"metric":{},"values":[[1699999940,"1"],)"
                R"([1699999970,"1"],[1700000000,"1"]]}]})"));
  CHECK(body("query_range?query=nope&start=0&end=11000&step=1") ==
        success(R"({"resultType":"matrix","result":[]})"));
  CHECK(body("query?query=up&stats=all").find(R"("samples":{"totalQueryableSamples)") !=
        std::string::npos);
}

TEST_CASE("errors of evaluation are 422, the rest keeps its type") {
  const TestServer server;
  RawClient client(server.port);
  const Reply reply = client.get("/api/v1/query?query=up%2Bon(nope)up");
  CHECK(reply.status == 422);
  CHECK(reply.body.find(R"({"status":"error","errorType":"execution","error":")") == 0);
  const Reply range = client.get("/api/v1/query_range?query=up%5B1m%5D&start=1&end=2&step=1");
  CHECK(range.status == 400);
  CHECK(
      range.body ==
      bad_data("invalid parameter \\\"query\\\": invalid expression type \\\"range vector\\\" for "
               "range query, must be Scalar or instant Vector"));
}

TEST_CASE("parameters come in the URL or as a form, the form first") {
  const TestServer server;
  CHECK(server.post("/api/v1/query", "query=1%2B1&time=4").body ==
        success(R"({"resultType":"scalar","result":[4,"2"]})"));
  CHECK(server.post("/api/v1/query?query=5&time=9", "query=1%2B1").body ==
        success(R"({"resultType":"scalar","result":[9,"2"]})"));
  CHECK(
      server.post("/api/v1/labels", "match[]=up&limit=1").body ==
      R"({"status":"success","data":["__name__"],"warnings":["results truncated due to limit"]})");
  RawClient client(server.port);
  CHECK(client
            .request("POST /api/v1/query HTTP/1.1\r\nHost: t\r\nContent-Type: text/plain\r\n"
                     "Content-Length: 7\r\n\r\nquery=3")
            .status == 400);
}

TEST_CASE("long queries work in a URL and as a form") {
  const TestServer server;
  const std::string selector = "up%7Bjob!=%22" + std::string(60'000, 'j') + "%22%7D";
  CHECK(server.get("/api/v1/query?query=count(" + selector + ")").body ==
        success(R"({"resultType":"vector","result":[{"metric":{},"value":[1700000000,"2"]}]})"));
  std::string spaces = "1" + std::string(300'000, '+');
  CHECK(server.post("/api/v1/query", "time=0&query=" + spaces).body ==
        success(R"({"resultType":"scalar","result":[0,"1"]})"));
}

TEST_CASE("labels, their values and series are sorted and bounded") {
  const TestServer server;
  check_all(
      server,
      {
          {"labels", 200, success(R"(["__name__","instance","job","la bel","v"])")},
          {"labels?match[]=up&match[]=odd", 200, success(R"(["__name__","instance","job","v"])")},
          {"labels?start=1&end=2", 200, success("[]")},
          {"labels?start=5&end=1", 200, success("[]")},
          {"label/job/values", 200, success(R"(["a","b"])")},
          {"label/job/values?limit=1", 200,
           R"({"status":"success","data":["a"],"warnings":["results truncated due to limit"]})"},
          {"label/job/values?limit=2", 200, success(R"(["a","b"])")},
          {"label/job/values?match[]=up%7Bjob=%22b%22%7D", 200, success(R"(["b"])")},
          {"label/v/values", 200,
           success(R"(["\u003c\u003e\u0026'\"\\\n/","tab\t\u0001 \u2028 hé"])")},
          {"label/la%20bel/values", 200, success(R"(["x"])")},
          {"label/U__la_20_bel/values", 200, success(R"(["x"])")},
          {"label/1a/values", 200, success("[]")},
          {"label/U__a_zz_/values", 200, success("[]")},
          {"series?match[]=up", 200,
           success(
               R"([{"__name__":"up","instance":"h:1","job":"a"},{"__name__":"up","instance":"h:2","job":"b"}])")},
          {"series?match[]=up&match[]=%7Bjob=%22a%22%7D&limit=1", 200,
           R"({"status":"success","data":[{"__name__":"up","instance":"h:1","job":"a"}],"warnings":["results truncated due to limit"]})"},
          {"series?match[]=odd&limit=0", 200,
           "{\"status\":\"success\",\"data\":[{\"__name__\":\"odd\",\"v\":\"<>&'\\\"\\\\\\n/"
           "\"},{\"__name__\":\"odd\",\"v\":\"tab\\t\\u0001 \xe2\x80\xa8 h\xc3\xa9\"}]}"},
          {"series?match[]=nope", 200, success("[]")},
          {"series?match[]=up&start=5&end=1", 200, success("[]")},
      });
}

TEST_CASE("every wrong parameter of labels and series is refused in Prometheus' words") {
  const TestServer server;
  const std::string no_matcher = "match[] must contain at least one non-empty matcher";
  check_all(
      server,
      {
          {"labels?limit=x", 400,
           bad_data(
               "invalid parameter \\\"limit\\\": strconv.Atoi: parsing \\\"x\\\": invalid syntax")},
          {"labels?match[]=up%7B", 400,
           bad_data("1:4: parse error: unexpected end of input inside braces")},
          {"labels?match[]=%7B%7D", 400, bad_data(no_matcher)},
          {"labels?start=x", 400,
           bad_data("invalid parameter \\\"start\\\": invalid time value for 'start': cannot parse "
                    "\\\"x\\\" to a valid timestamp")},
          {"labels?match[]=up[5m]", 400, bad_data("1:3: parse error: unexpected \\\"[\\\"")},
          {"label/job/values?match[]=", 400,
           bad_data("unknown position: parse error: unexpected end of input")},
          {"label/job/values?end=x", 400,
           bad_data("invalid parameter \\\"end\\\": invalid time value for 'end': cannot parse "
                    "\\\"x\\\" to a valid timestamp")},
          {"label/%ff/values", 400, bad_data("invalid label name: \\\"\\\\xff\\\"")},
          {"series", 400, bad_data("no match[] parameter provided")},
          {"series?x=%zz", 400,
           bad_data("error parsing form values: invalid URL escape \\\"%zz\\\"")},
          {"series?match[]=", 400,
           bad_data("invalid parameter \\\"match[]\\\": unknown position: parse error: unexpected "
                    "end of input")},
          {"series?match[]=%7Bjob=~%22.*%22%7D", 400,
           bad_data("invalid parameter \\\"match[]\\\": " + no_matcher)},
          {"series?match[]=up%7B", 400,
           bad_data("invalid parameter \\\"match[]\\\": 1:4: parse error: unexpected end of input "
                    "inside braces")},
          {"series?match[]=up&limit=-1", 400,
           bad_data("invalid parameter \\\"limit\\\": limit must be non-negative")},
      });
}

TEST_CASE("deleting series is not implemented, as in Prometheus") {
  const TestServer server;
  RawClient client(server.port);
  const Reply reply =
      client.request("DELETE /api/v1/series?match[]=up HTTP/1.1\r\nHost: t\r\n\r\n");
  CHECK(reply.status == 500);
  CHECK(reply.body == R"({"status":"error","errorType":"internal","error":"not implemented"})");
}

TEST_CASE("status pages tell the build, the flags, the configuration and the process") {
  const TestServer server;
  check_all(
      server,
      {
          {"status/buildinfo", 200,
           success(
               R"({"version":"3.14.0","revision":"abc","branch":"main","buildUser":"me","buildDate":"20260801","goVersion":"g++ 12"})")},
          {"status/flags", 200,
           success(R"({"config.file":"prometheus.yml","web.page-title":"\u003cb\u003e"})")},
          {"status/config", 200,
           success(R"({"yaml":"global:\n  scrape_interval: 1m\n# \u003c\u0026\u003e\n"})")},
          {"status/walreplay", 200, success(R"({"min":0,"max":0,"current":0})")},
          {"status/tsdb?limit=x", 400, bad_data("limit must be a positive number")},
          {"status/tsdb?limit=0", 400, bad_data("limit must be a positive number")},
      });
  const std::string info = server.get("/api/v1/status/runtimeinfo").body;
  CHECK(info.find(
            R"({"status":"success","data":{"startTime":"2023-11-14T22:12:20Z","CWD":"/tmp",)"
            R"("hostname":"host","serverTime":"2023-11-14T22:13:20Z","reloadConfigSuccess":true,)"
            R"("lastConfigTime":"2023-11-14T22:12:20Z","corruptionCount":0,"goroutineCount":)") ==
        0);
  CHECK(info.ends_with(R"("GOGC":"","GODEBUG":"","storageRetention":"15d"}})"));
}

TEST_CASE("what has no engine yet answers in form, and empty") {
  const TestServer server;
  check_all(server, {
                        {"rules", 200, success(R"({"groups":[]})")},
                        {"rules?type=alert", 200, success(R"({"groups":[]})")},
                        {"rules?type=x", 400,
                         bad_data("invalid parameter \\\"type\\\": not supported value \\\"x\\\"")},
                        {"alerts", 200, success(R"({"alerts":[]})")},
                        {"alertmanagers", 200,
                         success(R"({"activeAlertmanagers":[],"droppedAlertmanagers":[]})")},
                        {"notifications", 200, success("[]")},
                        {"query_exemplars?query=up", 200, success("[]")},
                        {"query_exemplars?query=up&start=1795335160743&end=1795335160743", 200,
                         success("[]")},
                        {"query_exemplars?query=up&start=5&end=1", 400,
                         bad_data("end timestamp must not be before start timestamp")},
                        {"query_exemplars", 400,
                         bad_data("unknown position: parse error: no expression found in input")},
                    });
  RawClient client(server.port);
  const Reply write = client.request("POST /api/v1/write HTTP/1.1\r\nHost: t\r\n\r\n");
  CHECK(write.status == 404);
  CHECK(write.body ==
        "remote write receiver needs to be enabled with --web.enable-remote-write-receiver\n");
  CHECK(client.post("/api/v1/otlp/v1/metrics", "").status == 404);
  CHECK(client.post("/api/v1/read", "").body == "snappy: corrupt input\n");
  CHECK(server.get("/api/v1/notifications/live").status == 204);
  check_all(server, {{"rules?group_limit=0", 400,
                      bad_data("invalid parameter \\\"group_limit\\\": group_limit needs to be "
                               "greater than 0")}});
  const Reply admin = client.post("/api/v1/admin/tsdb/snapshot", "");
  CHECK(admin.status == 500);
  CHECK(admin.body ==
        R"({"status":"error","errorType":"unavailable","error":"admin APIs disabled"})");
}

TEST_CASE("exemplars of the series that an expression reads") {
  TestServer server;
  server.storage.exemplar_series = {
      {Labels{{"__name__", "up"}, {"job", "a"}},
       {{Labels{{"trace_id", "<x>"}}, 6, 1'600'096'945'479, true}, {Labels{}, 0.5, 1'600'096'946'000, true}}},
      {Labels{{"__name__", "down"}}, {{Labels{}, 1, 1'600'096'945'000, true}}}};
  const std::string up =
      R"({"seriesLabels":{"__name__":"up","job":"a"},"exemplars":[)"
      R"({"labels":{"trace_id":"<x>"},"value":"6","timestamp":1600096945.479},)"
      R"({"labels":{},"value":"0.5","timestamp":1600096946}]})";
  const std::string down =
      R"({"seriesLabels":{"__name__":"down"},"exemplars":[)"
      R"({"labels":{},"value":"1","timestamp":1600096945}]})";
  const auto of = [&](const std::string& query) {
    return server.get("/api/v1/query_exemplars?query=" + query).body;
  };
  CHECK(of("rate(up%5B5m%5D)") == success("[" + up + "]"));
  CHECK(of("sum(up)%2Bdown") == success("[" + up + "," + down + "]"));
  CHECK(of("up&end=5") == success("[]"));
}

TEST_CASE("exemplars of an expression without a selector are no content") {
  const TestServer server;
  const Reply reply = server.get("/api/v1/query_exemplars?query=1%2Btime()");
  CHECK(reply.status == 204);
  CHECK(reply.header("content-type") == "");
  CHECK(reply.header("content-length") == "");
}

TEST_CASE("ten warnings are told, the others counted") {
  const TestServer server;
  const auto answer = [&](int count) {
    std::string query;
    for (int i = 0; i < count; ++i) {
      query += (i > 0 ? "%2B" : "") + ("quantile(" + std::to_string(i + 2)) + ",vector(1))";
    }
    return server.get("/api/v1/query?time=1&query=" + query).body;
  };
  const auto told = [](const std::string& body) {
    size_t count = 0;
    for (size_t at = 0; (at = body.find("got ", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  CHECK(told(answer(10)) == 10);
  CHECK(answer(10).find("omitted") == std::string::npos);
  CHECK(told(answer(13)) == 10);
  CHECK(answer(13).find(R"(,"3 more warning annotations omitted"])") != std::string::npos);
}

TEST_CASE("the tree of an expression in JSON") {
  const TestServer server;
  RawClient client(server.port);
  const auto tree = [&](const std::string& query) {
    const Reply reply = client.post("/api/v1/parse_query", "query=" + query);
    CHECK(reply.status == 200);
    const std::string prefix = R"({"status":"success","data":)";
    REQUIRE(reply.body.starts_with(prefix));
    return reply.body.substr(prefix.size(), reply.body.size() - prefix.size() - 1);
  };
  const auto selector = [](const std::string& name) {
    return R"({"anchored":false,"matchers":[{"name":"__name__","type":"=","value":")" + name +
           R"("}],"name":")" + name +
           R"(","offset":0,"smoothed":false,"startOrEnd":null,"timestamp":null,)"
           R"("type":"vectorSelector"})";
  };
  CHECK(tree("a%2Bon(x)group_left(y)b") ==
        R"({"bool":false,"lhs":)" + selector("a") +
            R"(,"matching":{"card":"many-to-one","fillValues":{"lhs":null,"rhs":null},)"
            R"("include":["y"],"labels":["x"],"on":true},)" +
            R"("op":"+","rhs":)" + selector("b") + R"(,"type":"binaryExpr"})");
  CHECK(
      tree("a==bool+1") ==
      R"({"bool":true,"lhs":)" + selector("a") +
          R"(,"matching":null,"op":"==","rhs":{"type":"numberLiteral","val":"1"},"type":"binaryExpr"})");
  CHECK(tree("-(a)") == R"({"expr":{"expr":)" + selector("a") +
                            R"(,"type":"parenExpr"},"op":"-","type":"unaryExpr"})");
  CHECK(tree("%22%3C%22") == R"({"type":"stringLiteral","val":"\u003c"})");
  CHECK(tree("1e30") == R"({"type":"numberLiteral","val":"1000000000000000000000000000000"})");
  CHECK(
      tree("a[5m:1m]@start()offset+3m") ==
      R"({"expr":)" + selector("a") +
          R"(,"offset":180000,"range":300000,"startOrEnd":"start","step":60000,"timestamp":null,)" +
          R"("type":"subquery"})");
  CHECK(tree("sum+without(le)(rate(x%7Ba!~%22b%22%7D[5m]+@+7))") ==
        R"({"expr":{"args":[{"anchored":false,"matchers":[{"name":"a","type":"!~","value":"b"},{"name":"__name__",)"
        R"("type":"=","value":"x"}],"name":"x","offset":0,"range":300000,"smoothed":false,)"
        R"("startOrEnd":null,"timestamp":7000,"type":"matrixSelector"}],"func":{"argTypes":["matrix"],"name":"rate",)"
        R"("returnType":"vector","variadic":0},"type":"call"},"grouping":["le"],"op":"sum",)"
        R"("param":null,"type":"aggregation","without":true})");
  CHECK(tree("topk(2,a)").find(R"("param":{"type":"numberLiteral","val":"2"})") !=
        std::string::npos);
  CHECK(client.get("/api/v1/parse_query?query=up%7B").status == 400);
}

TEST_CASE("targets answer by state and pool") {
  const TestServer server;
  check_all(server,
            {
                {"targets", 200,
                 success(R"({"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}})")},
                {"targets?state=active&scrapePool=a", 200,
                 success(R"({"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":null})")},
                {"targets?state=Dropped", 200,
                 success(R"({"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}})")},
                {"targets?state=bogus", 200,
                 success(R"({"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":null})")},
                {"scrape_pools", 200, success(R"({"scrapePools":[]})")},
                {"metadata", 200, success("{}")},
                {"metadata?limit=x", 400, bad_data("limit must be a number")},
                {"metadata?limit_per_metric=x", 400, bad_data("limit_per_metric must be a number")},
                {"targets/metadata", 200, success("[]")},
                {"targets/metadata?limit=x", 400, bad_data("limit must be a number")},
                {"targets/metadata?match_target=%7B", 400,
                 bad_data("invalid parameter \\\"match_target\\\": 1:2: parse error: unexpected "
                          "end of input inside braces")},
            });
}

TEST_CASE("a target in JSON") {
  TargetStatus target;
  target.scrape_pool = "odd";
  target.discovered_labels = {{"__address__", "h:1"}, {"job", "<o>"}};
  target.labels = {{"instance", "h:1"}, {"job", "<o>"}};
  target.scrape_url = "http://h:1/metrics?a=1&b=2";
  target.global_url = "http://vm:1/metrics";
  target.scrape_interval = 90'000;
  target.scrape_timeout = 10'000;
  std::string out;
  append_active_target(out, target);
  CHECK(
      out ==
      R"({"discoveredLabels":{"__address__":"h:1","job":"<o>"},"labels":{"instance":"h:1",)"
      R"("job":"<o>"},"scrapePool":"odd","scrapeUrl":"http://h:1/metrics?a=1\u0026b=2",)"
      R"("globalUrl":"http://vm:1/metrics","lastError":"","lastScrape":"0001-01-01T00:00:00Z",)"
      R"("lastScrapeDuration":0,"health":"unknown","scrapeInterval":"1m30s","scrapeTimeout":"10s"})");
  target.last_error = "Get \"http://h:1/metrics\": EOF";
  target.last_scrape = 1'795'362'804'418;
  target.last_scrape_duration_seconds = 0.00341949;
  target.health = TargetHealth::kDown;
  out.clear();
  append_active_target(out, target);
  CHECK(out.find(R"("lastError":"Get \"http://h:1/metrics\": EOF",)"
                 R"("lastScrape":"2026-11-22T15:53:24.418Z","lastScrapeDuration":0.00341949,)"
                 R"("health":"down",)") != std::string::npos);
  out.clear();
  append_dropped_target(out, {"p", {{"__address__", "h:2"}}});
  CHECK(out == R"({"discoveredLabels":{"__address__":"h:2"},"scrapePool":"p"})");
}

TEST_CASE("targets on this machine are told as others reach them") {
  const auto told = [](const char* url) { return global_url(url, "https://out.side:443", "0.0.0.0:9090"); };
  CHECK(told("http://localhost:9100/metrics?a=1") == "http://out.side:9100/metrics?a=1");
  CHECK(told("http://127.0.0.1:9090/metrics") == "https://out.side:443/metrics");
  CHECK(told("http://[::1]:1") == "http://out.side:1");
  CHECK(told("http://other:9100/metrics") == "http://other:9100/metrics");
  CHECK(told("http://localhost/metrics") == "http://localhost/metrics");
  CHECK(global_url("http://localhost:1/", "http://no-port", ":9090") == "http://localhost:1/");
}

TEST_CASE("the configuration of one job is cut out of the whole") {
  const std::string config =
      "global:\n  scrape_interval: 1m\nscrape_configs:\n- job_name: a\n  scheme: http\n- job_name: "
      "\"b c\"\n  params:\n    x:\n    - y\nalerting:\n  z: 1\n";
  CHECK(scrape_pool_yaml(config, "a") == "job_name: a\nscheme: http\n");
  CHECK(scrape_pool_yaml(config, "b c") == "job_name: \"b c\"\nparams:\n  x:\n  - y\n");
  CHECK(scrape_pool_yaml(config, "nothing") == "");
}

TEST_CASE("metadata is grouped by metric, each variant once") {
  const Metadata gauge{MetricType::kGauge, "", "a <b>"}, counter{MetricType::kCounter, "s", "c"};
  const std::vector<TargetMetadata> metadata = {
      {{}, "x", gauge}, {{}, "a", counter}, {{}, "x", gauge}, {{}, "x", counter}};
  const auto grouped = [&](int64_t limit, int64_t limit_per_metric) {
    std::string out;
    const auto source = metadata_by_metric(metadata, limit, limit_per_metric);
    while (source->next(out)) {
    }
    return out;
  };
  CHECK(grouped(-1, -1) ==
        R"({"a":[{"type":"counter","unit":"s","help":"c"}],"x":[{"type":"gauge","unit":"",)"
        R"("help":"a \u003cb\u003e"},{"type":"counter","unit":"s","help":"c"}]})");
  CHECK(grouped(1, -1) == R"({"a":[{"type":"counter","unit":"s","help":"c"}]})");
  CHECK(grouped(-1, 1).find(R"("x":[{"type":"gauge","unit":"","help":"a \u003cb\u003e"}]})") !=
        std::string::npos);
  CHECK(grouped(0, -1) == "{}");
}

TEST_CASE("names escaped for a URL are read back, malformed ones kept") {
  CHECK(unescape_name("U__a_2e_b") == "a.b");
  CHECK(unescape_name("U__a__b") == "a_b");
  CHECK(unescape_name("U___1F600_") == "\xf0\x9f\x98\x80");
  CHECK(unescape_name("plain_2e_") == "plain_2e_");
  for (const char* bad : {"U__a_", "U__a_2e", "U__a_zz_", "U__a_D800_", "U__a_1234567_"}) {
    CHECK(unescape_name(bad) == bad);
  }
}
