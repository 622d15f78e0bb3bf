// The scraper as a whole, against servers in this process.
#include "scraper/manager.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "core/compress.h"
#include "core/file.h"
#include "tests/scraper/fake_appender.h"
#include "tests/scraper/loopback_server.h"

namespace hearth {
namespace {

ScrapeConfig job(const std::string& name, std::vector<std::string> addresses) {
  ScrapeConfig config;
  config.job_name = name;
  config.scrape_interval = config.scrape_timeout = 100;
  config.scrape_protocols = {ScrapeProtocol::kOpenMetricsText1_0_0, ScrapeProtocol::kPrometheusText0_0_4};
  TargetGroup group;
  for (const std::string& address : addresses) group.targets.push_back(Labels{{"__address__", address}});
  config.static_configs = {group};
  return config;
}

std::shared_ptr<const Config> config_of(std::vector<ScrapeConfig> jobs) {
  auto config = std::make_shared<Config>();
  config->scrape_configs = std::move(jobs);
  return config;
}

// A manager with all that it needs.
struct Running {
  FakeAppender storage;
  Registry registry;
  Pool workers{2};
  ScraperOptions options;
  std::unique_ptr<ScrapeManager> manager;

  explicit Running(ScraperOptions o = {}) : options(std::move(o)) {
    manager = std::make_unique<ScrapeManager>(options, storage, workers, system_clock(), registry);
  }
  void apply(std::vector<ScrapeConfig> jobs) { manager->apply(config_of(std::move(jobs))); }
  // Waits until the manager says so; false after ten seconds.
  bool wait_until(const std::function<bool()>& done) {
    return storage.wait_until(done);
  }
  bool wait_for_error(const std::string& error) {
    const bool seen = wait_until([&] { return manager->active_targets().at(0).last_error == error; });
    if (!seen) MESSAGE("last error: ", manager->active_targets().at(0).last_error);
    return seen;
  }
};

// ---- what is asked for -------------------------------------------------------------------------

TEST_CASE("a target is asked as Prometheus asks, over one connection, and its samples are stored") {
  LoopbackServer server([](const std::string&) { return http_reply("a 1\nb{x=\"y\"} 2\n"); });
  Running running;
  ScrapeConfig config = job("j", {server.address()});
  config.params = {{"p", {"x y"}}};
  config.scrape_interval = config.scrape_timeout = 500;  // none times out: the connection stays
  config.http_client.basic_auth = BasicAuth{"user", "", {"secret"}, ""};
  running.apply({config});
  REQUIRE(running.wait_until([&] { return server.requests().size() >= 3; }));
  running.manager->stop();
  CHECK(server.connections() == 1);
  const std::string request = server.requests()[0];
  CHECK(request.starts_with("GET /metrics?p=x+y HTTP/1.1\r\n"));
  for (const std::string& line :
       {"Host: " + server.address(), std::string("User-Agent: Prometheus/3.14.0"),
        std::string("Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                    "text/plain;version=0.0.4;q=0.5,*/*;q=0.4"),
        std::string("Accept-Encoding: gzip"), std::string("X-Prometheus-Scrape-Timeout-Seconds: 0.5"),
        std::string("Authorization: Basic dXNlcjpzZWNyZXQ=")}) {
    CAPTURE(line);
    CHECK((request + "\r\n").find("\r\n" + line + "\r\n") != std::string::npos);
  }
  CHECK(running.storage.newest("b") == 2);
  const TargetStatus status = running.manager->active_targets().at(0);
  CHECK(status.health == TargetHealth::kUp);
  CHECK(status.scrape_pool == "j");
  CHECK(status.scrape_url == "http://" + server.address() + "/metrics?p=x+y");
  CHECK(status.labels == Labels{{"instance", server.address()}, {"job", "j"}});
  CHECK(status.last_scrape > 0);
}

TEST_CASE("a compressed answer is read") {
  std::string body;
  gzip_compress("a 42\n", body);
  LoopbackServer server([&](const std::string&) {
    return http_reply(body, "Content-Type: text/plain\r\ncontent-encoding: gzip\r\n");
  });
  Running running;
  running.apply({job("j", {server.address()})});
  CHECK(running.wait_until([&] { return running.storage.newest("a") == 42; }));
}

TEST_CASE("credentials in a file are read anew for each scrape") {
  TempDir dir;
  write_file(dir.path() + "/token", "one\n");
  LoopbackServer server([](const std::string&) { return http_reply("a 1\n"); });
  ScraperOptions options;
  options.config_dir = dir.path();
  Running running(options);
  ScrapeConfig config = job("j", {server.address()});
  config.http_client.authorization = Authorization{"Bearer", {}, "token"};
  running.apply({config});
  const auto asked_with = [&](const std::string& token) {
    return running.wait_until([&] {
      const auto requests = server.requests();
      return !requests.empty() && requests.back().find("Authorization: Bearer " + token) != std::string::npos;
    });
  };
  CHECK(asked_with("one"));
  write_file(dir.path() + "/token", "two\n");
  CHECK(asked_with("two"));
  remove_file(dir.path() + "/token");
  CHECK(running.wait_until([&] {
    return running.manager->active_targets().at(0).last_error.find("/token") != std::string::npos;
  }));
  CHECK(running.storage.newest("up") == 0);
}

// ---- a storage that takes nothing yet ---------------------------------------------------------

// All times of `up` of the job's one target.
std::vector<TimeMs> scrape_times(const Running& running, const LoopbackServer& server) {
  std::vector<TimeMs> times;
  for (const Sample& sample : running.storage.samples(
           Labels{{"__name__", "up"}, {"instance", server.address()}, {"job", "j"}}))
    times.push_back(sample.t);
  return times;
}

TEST_CASE("scrapes for a storage that takes nothing yet are held back, and stored when it does") {
  std::atomic<int> scrapes{0};
  LoopbackServer server([&](const std::string&) {
    return http_reply(fmt::format("scrapes {}\n", ++scrapes));
  });
  std::atomic<bool> takes{false};
  ScraperOptions options;
  options.storage_takes = [&] { return takes.load(); };
  Running running(options);
  running.apply({job("j", {server.address()})});
  REQUIRE(running.wait_until([&] { return scrapes >= 5; }));
  CHECK(running.storage.series() == 0);
  const TimeMs opened = system_clock().now();
  takes = true;
  REQUIRE(running.wait_until([&] { return running.storage.newest("scrapes") >= 7; }));
  running.manager->stop();
  const std::vector<TimeMs> times = scrape_times(running, server);
  REQUIRE(times.size() >= 6);
  CHECK(times[3] < opened);
  double newest = 0;
  for (const Sample& sample : running.storage.samples(
           Labels{{"__name__", "scrapes"}, {"instance", server.address()}, {"job", "j"}})) {
    if (is_stale(sample.v)) continue;  // a scrape that timed out
    CHECK(sample.v > newest);
    newest = sample.v;
  }
  const std::vector<Sample> durations = running.storage.samples(Labels{
      {"__name__", "scrape_duration_seconds"}, {"instance", server.address()}, {"job", "j"}});
  REQUIRE(!durations.empty());
  // What a body waits for the storage is not the target's time.
  CHECK(durations[0].v * 1000 < static_cast<double>(opened - times[0]));
}

TEST_CASE("a target that goes while its scrapes are held back has them stored, and then its markers") {
  std::atomic<int> scrapes{0};
  LoopbackServer server([&](const std::string&) {
    ++scrapes;
    return http_reply("a 1\n");
  });
  std::atomic<bool> takes{false};
  ScraperOptions options;
  options.storage_takes = [&] { return takes.load(); };
  Running running(options);
  running.apply({job("j", {server.address()})});
  REQUIRE(running.wait_until([&] { return scrapes >= 3; }));
  running.apply({});
  takes = true;
  REQUIRE(running.wait_until([&] { return is_stale(running.storage.newest("a")); }));
  CHECK(scrape_times(running, server).size() >= 3);
}

TEST_CASE("the scraper stops while scrapes are held back") {
  std::atomic<int> scrapes{0};
  LoopbackServer server([&](const std::string&) {
    ++scrapes;
    return http_reply("a 1\n");
  });
  ScraperOptions options;
  options.storage_takes = [] { return false; };
  Running running(options);
  running.apply({job("j", {server.address()})});
  REQUIRE(running.wait_until([&] { return scrapes >= 3; }));
  running.manager->stop();
  CHECK(running.storage.series() == 0);
}

TEST_CASE("a storage that keeps the body of one scrape for long holds up no other scrape") {
  std::atomic<int> scrapes{0}, stuck{0};
  LoopbackServer server([&](const std::string&) {
    ++scrapes;
    return http_reply("a 1\n");
  });
  LoopbackServer other([&](const std::string&) {
    ++scrapes;
    return http_reply("b 1\n");
  });
  Running running;
  running.storage.before_append = [&] {
    const int before = scrapes;
    if (before < 6 || stuck.exchange(1) != 0) return;
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (scrapes < before + 4 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    stuck = scrapes - before;
  };
  running.apply({job("j", {server.address(), other.address()})});
  REQUIRE(running.wait_until([&] { return stuck > 1; }));
  CHECK(stuck >= 4);
  const int before = scrapes;
  CHECK(running.wait_until([&] { return scrapes >= before + 4; }));  // and goes on
  running.apply({});
  CHECK(running.wait_until([&] { return is_stale(running.storage.newest("a")) && is_stale(running.storage.newest("b")); }));
}

// ---- servers that misbehave --------------------------------------------------------------------

TEST_CASE("what goes wrong is told in Prometheus' words") {
  struct Case {
    const char* what;
    Reply reply;
    std::string error;  // {url} stands for the quoted URL
  };
  using Then = Reply::Then;
  const Case cases[] = {
      {"an error status", http_reply("", "", "500 Internal Server Error"),
       "server returned HTTP status 500 Internal Server Error"},
      {"a reason of its own", http_reply("", "", "503 Gone Fishing"), "server returned HTTP status 503 Gone Fishing"},
      {"no reason", http_reply("", "", "404"), "server returned HTTP status 404 Not Found"},
      {"no answer in time", {"", Then::kHang}, "Get {url}: context deadline exceeded"},
      {"a body that hangs", {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99\r\n\r\na 1\n", Then::kHang},
       "context deadline exceeded"},
      {"closing at once", {"", Then::kClose}, "Get {url}: EOF"},
      {"a body cut short", {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99\r\n\r\na 1\n", Then::kClose},
       "unexpected EOF"},
      {"no HTTP at all", {"garbage\r\n\r\n", Then::kClose},
       "Get {url}: net/http: HTTP/1.x transport connection broken: malformed HTTP response \"garbage\""},
      {"a circle of redirects", http_reply("", "Location: /metrics\r\n", "302 Found"),
       "Get {url}: stopped after 10 redirects"},
      {"no content type", http_reply("a 1\n", ""),
       "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for "
       "target"},
      {"a line cut short", http_reply("a 1\nb{x="),
       R"(expected label value, got "\n" ("INVALID") while parsing: "b{x=\n")"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.what));
    LoopbackServer server([&](const std::string&) { return c.reply; });
    Running running;
    ScrapeConfig config = job("j", {server.address()});
    running.apply({config});
    std::string expected = c.error;
    if (const size_t at = expected.find("{url}"); at != std::string::npos) {
      expected.replace(at, 5, "\"http://" + server.address() + "/metrics\"");
    }
    CHECK(running.wait_for_error(expected));
    CHECK(running.storage.newest("up") == 0);
  }
}

TEST_CASE("nobody listening is a refused connection") {
  std::string address;
  {
    LoopbackServer gone([](const std::string&) { return Reply(); });
    address = gone.address();
  }
  Running running;
  running.apply({job("j", {address})});
  CHECK(running.wait_for_error("Get \"http://" + address + "/metrics\": dial tcp " + address +
                               ": connect: connection refused"));
}

TEST_CASE("an endless body ends at body_size_limit, or with the timeout") {
  LoopbackServer server([](const std::string&) {
    return Reply{"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + std::string(1000, '#'), Reply::Then::kRepeat};
  });
  Running running;
  ScrapeConfig limited = job("j", {server.address()});
  limited.body_size_limit = 100'000;
  running.apply({limited});
  CHECK(running.wait_for_error("body size limit exceeded"));
}

TEST_CASE("a redirect is followed unless the configuration says no") {
  LoopbackServer server([](const std::string& request) {
    return request.starts_with("GET /metrics ") ? http_reply("", "Location: /other\r\n", "302 Found")
                                                : http_reply("a 7\n");
  });
  Running running;
  ScrapeConfig config = job("j", {server.address()});
  running.apply({config});
  CHECK(running.wait_until([&] { return running.storage.newest("a") == 7; }));
  config.http_client.follow_redirects = false;
  running.apply({config});
  CHECK(running.wait_for_error("server returned HTTP status 302 Found"));
}

TEST_CASE("stop ends at once though targets hang") {
  LoopbackServer server([](const std::string&) { return Reply{"", Reply::Then::kHang}; });
  Running running;
  ScrapeConfig config = job("j", {server.address()});
  config.scrape_interval = config.scrape_timeout = 2000;
  running.apply({config});
  REQUIRE(running.wait_until([&] { return server.requests().size() == 1; }));
  const int64_t start = system_clock().monotonic_nanos();
  running.manager->stop();
  CHECK(system_clock().monotonic_nanos() - start < 500'000'000);
}

// ---- reload ------------------------------------------------------------------------------------

TEST_CASE("a reload leaves unchanged targets alone, ends the others and begins new ones") {
  LoopbackServer first([](const std::string&) { return http_reply("a 1\n"); });
  LoopbackServer second([](const std::string&) { return http_reply("b 1\n"); });
  Running running;
  ScrapeConfig stays = job("j", {first.address()});
  stays.scrape_interval = stays.scrape_timeout = 500;  // none times out: the connection stays
  running.apply({stays, job("k", {second.address()})});
  REQUIRE(running.wait_until([&] {
    return running.storage.newest("a") == 1 && running.storage.newest("b") == 1;
  }));
  const size_t before = first.requests().size();
  running.apply({stays});
  CHECK(running.manager->scrape_pools() == std::vector<std::string>{"j"});
  CHECK(running.manager->active_targets().size() == 1);
  // The removed target's series end after two more intervals.
  CHECK(running.wait_until([&] { return is_stale(running.storage.newest("b")); }));
  REQUIRE(running.wait_until([&] { return first.requests().size() > before + 2; }));
  CHECK(first.connections() == 1);
  CHECK(running.storage.newest("a") == 1);

  running.apply({job("j", {first.address(), second.address()})});
  CHECK(running.wait_until([&] { return running.storage.newest("b") == 1; }));
}

TEST_CASE("target_limit fails all scrapes of the job") {
  LoopbackServer server([](const std::string&) { return http_reply("a 1\n"); });
  Running running;
  ScrapeConfig config = job("j", {server.address(), "127.0.0.1:1"});
  config.target_limit = 1;
  running.apply({config});
  CHECK(running.wait_for_error("target_limit exceeded (number of targets: 2, limit: 1)"));
  CHECK(server.requests().empty());
  config.target_limit = 2;
  running.apply({config});
  CHECK(running.wait_until([&] { return running.storage.newest("a") == 1; }));
}

TEST_CASE("dropped targets are remembered up to keep_dropped_targets") {
  Running running;
  ScrapeConfig config = job("j", {"a:1", "b:1", "c:1"});
  RelabelRule drop;
  drop.source_labels = {"__address__"};
  drop.regex_text = "[ab]:1";
  drop.regex = Regex("[ab]:1");
  drop.action = RelabelAction::kDrop;
  config.relabel_configs = {drop};
  running.apply({config});
  CHECK(running.manager->dropped_targets().size() == 2);
  CHECK(running.manager->active_targets().size() == 1);
  config.keep_dropped_targets = 1;
  running.apply({config});
  CHECK(running.manager->dropped_targets().size() == 1);
  CHECK(running.manager->dropped_targets()[0].discovered_labels.get("__address__") == "a:1");
}

TEST_CASE("the same target twice is scraped once") {
  Running running;
  running.apply({job("j", {"a:1", "a:1"})});
  CHECK(running.manager->active_targets().size() == 1);
}

// ---- discovery, metadata, metrics --------------------------------------------------------------

TEST_CASE("targets come and go with the files of file_sd") {
  TempDir dir;
  LoopbackServer server([](const std::string&) { return http_reply("a 1\n"); });
  ScraperOptions options;
  options.config_dir = dir.path();
  Running running(options);
  ScrapeConfig config = job("j", {});
  config.static_configs.clear();
  config.file_sd_configs = {FileSdConfig{{"*.json"}, 200}};
  running.apply({config});
  CHECK(running.manager->active_targets().empty());

  write_file(dir.path() + "/t.json", R"([{"targets": [")" + server.address() + R"("], "labels": {"env": "x"}}])");
  REQUIRE(running.wait_until([&] { return running.manager->active_targets().size() == 1; }));
  const TargetStatus status = running.manager->active_targets()[0];
  CHECK(status.labels.get("env") == "x");
  CHECK(status.discovered_labels.get("__meta_filepath") == dir.path() + "/t.json");
  REQUIRE(running.wait_until([&] { return running.storage.newest("a") == 1; }));

  write_file(dir.path() + "/t.json", "not json");  // what was good stays
  REQUIRE(running.wait_until([&] {
    return running.registry.text().find("prometheus_sd_file_read_errors_total 0\n") == std::string::npos;
  }));
  CHECK(running.manager->active_targets().size() == 1);

  remove_file(dir.path() + "/t.json");
  CHECK(running.wait_until([&] { return running.manager->active_targets().empty(); }));
}

TEST_CASE("metadata is told by target and metric") {
  LoopbackServer server([](const std::string&) { return http_reply("# HELP a text\n# TYPE a counter\na 1\n# TYPE b gauge\nb 1\n"); });
  Running running;
  running.apply({job("j", {server.address()})});
  REQUIRE(running.wait_until([&] { return running.storage.newest("b") == 1; }));
  CHECK(running.manager->metadata("").size() == 2);
  const auto found = running.manager->metadata("a");
  REQUIRE(found.size() == 1);
  CHECK(found[0].target.get("instance") == server.address());
  CHECK(found[0].metadata == Metadata{MetricType::kCounter, "", "text"});
}

TEST_CASE("the scraper's metrics have Prometheus' names") {
  LoopbackServer server([](const std::string&) { return http_reply("# TYPE a counter\na 1\na 1\n"); });
  Running running;
  running.apply({job("j", {server.address()})});
  REQUIRE(running.wait_until([&] { return server.requests().size() >= 3; }));
  running.manager->stop();
  const std::string text = running.registry.text();
  for (const char* line : {"prometheus_target_scrape_pools_total 1\n",
                           "prometheus_target_scrape_pool_targets{scrape_job=\"j\"} 1\n",
                           "prometheus_target_metadata_cache_entries{scrape_job=\"j\"} 1\n",
                           "prometheus_sd_discovered_targets{config=\"j\",name=\"scrape\"} 1\n",
                           "prometheus_target_interval_length_seconds{interval=\"100ms\",quantile=\"0.5\"} ",
                           "prometheus_target_sync_length_seconds_count{scrape_job=\"j\"} 1\n"}) {
    CAPTURE(std::string(line));
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.find("prometheus_target_scrapes_sample_duplicate_timestamp_total 0\n") == std::string::npos);
}

}  // namespace
}  // namespace hearth
