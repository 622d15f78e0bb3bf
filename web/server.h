// The HTTP server's door: API v1, health, lifecycle, /metrics and the pages.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "query/engine.h"
#include "scraper/manager.h"
#include "tsdb/db.h"

namespace hearth::remote {
class ReadServer;
class WriteReceiver;
}

namespace hearth::web {

struct BuildInfo {
  std::string version, revision, branch, build_user, build_date, compiler;
};

// What /api/v1/status/runtimeinfo tells of the process beyond what web can see itself.
struct RuntimeState {
  TimeMs start_time = 0;
  std::string working_directory, hostname;
  bool reload_success = true;
  TimeMs last_config_time = 0;
  std::string storage_retention;  // "15d"
};

struct Options {
  std::vector<std::string> listen_addresses = {"0.0.0.0:9090"};
  std::string external_url, route_prefix;  // "" = derived, as Prometheus does
  std::string cors_origin = ".*";
  std::string page_title = "Hearth";
  std::string dashboards;  // the folder of *.json; "" = none
  bool enable_lifecycle = false;
  bool enable_admin_api = false;
  std::string web_config_file;  // "" = neither TLS nor passwords
  size_t max_connections = 512;
  DurationMs read_timeout = 5 * 60'000;  // of a request's body, and of an idle connection
  DurationMs head_timeout = 10'000;      // of a request's head
  DurationMs drain_timeout = 10'000;     // stop(): for requests that run
  size_t workers = 24;  // more than --query.max-concurrency, so that waiting queries leave room
};

// What the handlers work on. Everything must outlive the server. Functions are thread-safe.
struct Services {
  promql::Engine* engine = nullptr;
  tsdb::Db* db = nullptr;
  Queryable* storage = nullptr;
  ScrapeManager* scraper = nullptr;
  remote::WriteReceiver* remote_write = nullptr;  // nullptr: it is not enabled
  remote::ReadServer* remote_read = nullptr;
  Registry* registry = nullptr;
  const Clock* clock = nullptr;
  BuildInfo build;
  std::map<std::string, std::string> flags;
  std::function<std::shared_ptr<const Config>()> config;
  std::function<RuntimeState()> runtime;
  std::function<void()> reload;  // throws Error with the reason
  std::function<void()> quit;    // asks the process to end
  std::function<tsdb::ReplayStatus()> replay;  // of the storage's log
};

// Thread-safe.
class Server {
 public:
  // Binds at once (throws Error(kIo) naming the address), answers after start().
  Server(const Options& options, Services services);
  ~Server();  // stops

  void start();
  // What the handlers work on from set_ready(true) on; until then only registry, clock, build and
  // flags are used. Requires: not ready yet.
  void connect(Services services);
  // The API answers 503 until then; /-/ready does, and the metric says so, until the log is replayed
  // as well. To be called again then.
  void set_ready(bool ready);
  // Lets running requests end (10 s at most), then closes. Idempotent.
  void stop();
  std::vector<int> ports() const;  // those bound, in the order of listen_addresses

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth::web
