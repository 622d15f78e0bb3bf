// Targets that listen on a unix socket, named by the label __unix_socket__.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "core/threads.h"
#include "scraper/manager.h"
#include "tests/scraper/fake_appender.h"
#include "tests/scraper/loopback_server.h"

namespace hearth {

TEST_CASE("a target with __unix_socket__ is asked there, whatever its address says") {
  const std::string path = std::filesystem::temp_directory_path() /
                           ("hearth-scrape-" + std::to_string(getpid()) + ".sock");
  LoopbackServer server(path, [](const std::string&) { return http_reply("a 7\n"); });
  FakeAppender storage;
  Registry registry;
  Pool pool{1};
  ScrapeManager scraper(ScraperOptions{}, storage, pool, system_clock(), registry);
  auto config = std::make_shared<Config>();
  ScrapeConfig job;
  job.job_name = "j";
  job.scrape_interval = job.scrape_timeout = 50;
  TargetGroup group;
  group.source = "0";
  group.targets = {Labels{{"__address__", "no.such.host:1"}, {"__unix_socket__", path}}};
  job.static_configs = {group};
  config->scrape_configs = {job};
  scraper.apply(config);
  CHECK(storage.wait_until([&] { return storage.newest("a") == 7; }));
  scraper.stop();
  CHECK(server.requests().at(0).find("Host: no.such.host:1\r\n") != std::string::npos);
  CHECK(scraper.active_targets().at(0).labels ==
        Labels{{"instance", "no.such.host:1"}, {"job", "j"}});
  std::filesystem::remove(path);
}

}  // namespace hearth
