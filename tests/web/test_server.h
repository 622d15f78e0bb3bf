// A whole server on a free port of the loopback, over series in memory and a clock that stands
// still.
#pragma once

#include <memory>
#include <string>

#include "core/threads.h"
#include "remote/read_in.h"
#include "tests/web/fake_storage.h"
#include "tests/web/raw_client.h"
#include "web/server.h"

namespace hearth::web {

inline constexpr TimeMs kNow = 1'700'000'000'000;

struct TestServer {
  explicit TestServer(Options options = {}, bool ready = true) {
    add({{"__name__", "up"}, {"job", "a"}, {"instance", "h:1"}}, 1);
    add({{"__name__", "up"}, {"job", "b"}, {"instance", "h:2"}}, 0);
    add({{"__name__", "odd"}, {"v", "<>&'\"\\\n/"}}, 1e21);
    add({{"__name__", "odd"}, {"v", "tab\t\x01 \xe2\x80\xa8 h\xc3\xa9"}}, 1e-7);
    add({{"__name__", "dotted.name"}, {"la bel", "x"}}, 2.5);

    config->text = "global:\n  scrape_interval: 1m\n# <&>\n";
    services.engine = &engine;
    services.storage = &storage;
    services.scraper = &scraper;
    services.remote_read = &remote_read;
    services.registry = &registry;
    services.clock = &clock;
    services.build = {"3.14.0", "abc", "main", "me", "20260801", "g++ 12"};
    services.flags = {{"config.file", "prometheus.yml"}, {"web.page-title", "<b>"}};
    services.config = [this] { return config; };
    services.runtime = [] {
      RuntimeState state;
      state.start_time = kNow - 60'000;
      state.working_directory = "/tmp";
      state.hostname = "host";
      state.last_config_time = kNow - 59'500;
      state.storage_retention = "15d";
      return state;
    };
    services.reload = [this] {
      ++reloads;
      if (!reload_error.empty()) throw Error(ErrorKind::kBadData, reload_error);
    };
    services.quit = [this] { ++quits; };

    if (options.listen_addresses == Options().listen_addresses) {
      options.listen_addresses = {"127.0.0.1:0"};
    }
    server = std::make_unique<Server>(options, services);
    server->set_ready(ready);
    server->start();
    port = server->ports().at(0);
  }
  ~TestServer() { server->stop(); }

  void add(Labels labels, double value) {
    storage.series.push_back(
        {std::move(labels), {{kNow - 60'000, value}, {kNow - 30'000, value}, {kNow, value}}});
  }
  Reply get(const std::string& target, const std::string& headers = "") const {
    return RawClient(port).get(target, headers);
  }
  Reply post(const std::string& target, const std::string& form) const {
    return RawClient(port).post(target, form);
  }

  Registry registry;
  FakeClock clock{kNow};
  Pool pool{1};
  FakeStorage storage;
  NullAppender appender;
  promql::Engine engine{promql::EngineOptions{}, storage, nullptr, registry};
  ScrapeManager scraper{ScraperOptions{}, appender, pool, clock, registry};
  remote::ReadServer remote_read{remote::ReadOptions{}, storage, registry};
  std::shared_ptr<Config> config = std::make_shared<Config>();
  Services services;
  std::unique_ptr<Server> server;
  int port = 0;
  std::atomic<int> reloads{0}, quits{0};
  std::string reload_error;
};

}  // namespace hearth::web
