#include "cmd/application.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <random>
#include <limits>
#include <thread>

#include "cmd/build_info.h"
#include "cmd/process_metrics.h"
#include "cmd/retention.h"
#include "config/load.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/mutex.h"
#include "query/engine.h"
#include "remote/read_in.h"
#include "remote/write_in.h"
#include "scraper/manager.h"
#include "tsdb/db.h"
#include "web/server.h"

namespace hearth {

namespace {

constexpr DurationMs kMaintenanceInterval = 60'000;
constexpr DurationMs kDueInterval = 5'000;

// The signals that run() waits for; blocked in every thread.
sigset_t handled_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

std::string hostname() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

tsdb::LiveOptions live_options(const StorageConfig& config, const ServerFlags& flags) {
  tsdb::LiveOptions live;
  live.out_of_order_window = config.out_of_order_time_window;
  if (flags.feature("exemplar-storage")) {
    live.max_exemplars = static_cast<uint32_t>(
        std::clamp<int64_t>(config.max_exemplars, 0, std::numeric_limits<int32_t>::max()));
  }
  if (config.float_encoding == "xor2") live.float_encoding = tsdb::Encoding::kXor2;
  return live;
}

tsdb::Options storage_options(const ServerFlags& flags, const StorageConfig& config) {
  tsdb::Options options;
  options.retention = retention_limits(flags, config);
  options.min_block_duration = flags.min_block_duration;
  options.max_block_duration = flags.max_block_given ? flags.max_block_duration : 0;
  options.use_lockfile = !flags.no_lockfile;
  options.allow_overlapping_compaction = flags.allow_overlapping_compaction;
  options.delay_compact_file = flags.delay_compact_file;
  if (flags.chunk_segment_bytes != 0) options.chunk_segment_bytes = flags.chunk_segment_bytes;
  if (flags.compaction_delay_percent > 0) {
    std::random_device device;
    const DurationMs longest = flags.min_block_duration * flags.compaction_delay_percent / 100;
    options.compaction_delay = std::uniform_int_distribution<DurationMs>(0, longest)(device);
  }
  options.samples_per_chunk = flags.samples_per_chunk;
  options.max_memory = flags.max_memory;
  options.live = live_options(config, flags);
  options.replay_in_background = true;
  if (flags.wal_segment_bytes != 0) options.wal_segment_bytes = flags.wal_segment_bytes;
  options.wal_sync = flags.wal_sync;
  options.wal_compression = !flags.wal_compression                 ? tsdb::WalCompression::kNone
                            : flags.wal_compression_type == "zstd" ? tsdb::WalCompression::kZstd
                                                                   : tsdb::WalCompression::kSnappy;
  return options;
}

promql::EngineOptions engine_options(const ServerFlags& flags) {
  promql::EngineOptions options;
  options.lookback_delta = flags.lookback_delta;
  options.timeout = flags.query_timeout;
  options.max_concurrency = flags.max_concurrency;
  options.max_samples = flags.max_samples;
  options.max_memory_bytes = flags.query_max_memory;
  options.max_total_memory_bytes = flags.query_max_total_memory;
  options.helpers = std::max<size_t>(1, usable_cores() - 1);  // what more hold is only memory
  options.active_queries_file = flags.storage_path + "/queries.active";
  options.per_step_stats = flags.feature("promql-per-step-stats");
  options.delayed_name_removal = flags.feature("promql-delayed-name-removal");
  options.use_start_timestamps = flags.feature("use-start-timestamps");
  options.parse.experimental_functions = flags.feature("promql-experimental-functions");
  options.parse.extended_range_selectors = flags.feature("promql-extended-range-selectors");
  options.parse.binop_fill_modifiers = flags.feature("promql-binop-fill-modifiers");
  return options;
}

web::Options web_options(const ServerFlags& flags) {
  web::Options options;
  options.listen_addresses = flags.listen_addresses;
  options.external_url = flags.external_url;
  options.route_prefix = flags.route_prefix;
  options.web_config_file = flags.web_config_file;
  options.cors_origin = flags.cors_origin;
  options.page_title = flags.page_title;
  options.dashboards = flags.dashboards;
  options.enable_lifecycle = flags.enable_lifecycle;
  options.enable_admin_api = flags.enable_admin_api;
  options.max_connections = flags.max_connections;
  options.read_timeout = flags.read_timeout;
  return options;
}

remote::ReadOptions read_options(const ServerFlags& flags) {
  remote::ReadOptions options;
  options.sample_limit = flags.read_sample_limit;
  options.concurrent_limit = flags.read_concurrent_limit;
  options.max_frame_bytes = flags.read_max_frame_bytes;
  options.max_memory_bytes = flags.query_max_memory;
  return options;
}

remote::WriteOptions write_options(const ServerFlags& flags) {
  remote::WriteOptions options;
  options.accepts_v1 = flags.accepts_write_v1;
  options.accepts_v2 = flags.accepts_write_v2;
  options.store.zero_ingestion = flags.feature("created-timestamp-zero-ingestion");
  options.store.keep_metadata = flags.feature("metadata-wal-records");
  return options;
}

// Each target, client and block takes descriptors; the soft limit is often 1,024 where the hard one is a million.
void raise_file_limit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

ScraperOptions scraper_options(const ServerFlags& flags) {
  ScraperOptions options;
  options.timestamp_tolerance = flags.timestamp_tolerance;
  options.adjust_timestamps = flags.adjust_timestamps;
  options.tell_metadata = flags.feature("metadata-wal-records");
  options.extra_metrics = flags.feature("extra-scrape-metrics");
  options.zeros_at_creation = flags.feature("created-timestamp-zero-ingestion");
  options.type_and_unit_labels = flags.feature("type-and-unit-labels");
  options.config_dir = std::filesystem::path(flags.config_file).parent_path().string();
  return options;
}

// Calls `work` about once a minute on a thread of its own, and some seconds after it is due, until it
// is destroyed. What is still due after it (a disk is full, say) waits for the minute. One thread.
class Repeater {
 public:
  Repeater(std::function<void()> work, std::function<bool()> is_due)
      : thread_([this, work = std::move(work), ask = std::move(is_due)] {
          name_thread("maintenance");
          const auto is_due = [&ask] {
            bool due = false;
            guard("maintenance", [&] { due = ask(); });
            return due;
          };
          bool failed = false;
          for (int waits = 1; wait(); ++waits) {
            if (waits < kMaintenanceInterval / kDueInterval && (failed || !is_due())) continue;
            guard("maintenance", work);
            release_free_memory();  // of blocks that were written and merged
            failed = is_due();
            waits = 0;
          }
        }) {}
  ~Repeater() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  // False when it is time to end.
  bool wait() {
    MutexLock lock(mutex_);
    if (!stopping_) changed_.wait_for(mutex_, std::chrono::milliseconds(kDueInterval));
    return !stopping_;
  }
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace

struct Application::State {
  explicit State(const ServerFlags& f) : flags(f) {}

  void start();
  void stop();
  void replay();
  void tell_ready();
  void reload();
  void load_config() REQUIRES(mutex);
  void add_own_metrics();
  web::Services services();

  const ServerFlags flags;
  const TimeMs start_time = system_clock().now();

  // Destroyed in the reverse order: each uses only what stands above it, but for the server, which
  // is there first, to answer probes while the log is replayed, and is stopped first.
  Registry registry;
  Pool pool{usable_cores()};
  std::unique_ptr<web::Server> server;
  std::unique_ptr<tsdb::Db> db;
  std::unique_ptr<promql::Engine> engine;
  std::unique_ptr<ScrapeManager> scraper;
  std::unique_ptr<remote::WriteReceiver> remote_write;
  std::unique_ptr<remote::ReadServer> remote_read;
  std::unique_ptr<Repeater> maintenance;

  std::thread replay_thread;
  std::atomic<bool> replay_failed{false};
  Mutex ready_mutex;
  bool connected GUARDED_BY(ready_mutex) = false;
  bool told_ready GUARDED_BY(ready_mutex) = false;

  Mutex mutex;  // one reload at a time
  std::shared_ptr<const Config> config GUARDED_BY(mutex);
  bool reload_success GUARDED_BY(mutex) = false;
  TimeMs last_config_time GUARDED_BY(mutex) = 0;
  Gauge reload_successful, reload_time;
};

void Application::State::start() {
  log_info("Starting Hearth", "version", hearth_version(), "compatible_with",
           "Prometheus " + build_info().version);
  for (const std::string& warning : flags.warnings) log_warn(warning);
  raise_file_limit();
  // A configuration that cannot be read is told before the log is replayed, which may take long.
  const Config first = load_config_file(flags.config_file);
  refuse_unsupported(first);
  add_own_metrics();

  server = std::make_unique<web::Server>(web_options(flags), services());
  server->start();
  make_dirs(flags.storage_path);
  db = std::make_unique<tsdb::Db>(flags.storage_path, storage_options(flags, first.storage), system_clock(), pool, registry);
  log_info("TSDB started", "path", flags.storage_path);
  replay_thread = std::thread([this] {
    name_thread("replay");
    replay();
  });
  engine = std::make_unique<promql::Engine>(engine_options(flags), *db, &pool, registry);
  ScraperOptions to_scrape = scraper_options(flags);
  to_scrape.storage_takes = [this] { return db->takes_samples(); };
  scraper = std::make_unique<ScrapeManager>(to_scrape, db->appender(), pool, system_clock(), registry);
  if (flags.enable_remote_write) {
    remote_write = std::make_unique<remote::WriteReceiver>(write_options(flags), db->appender(), system_clock(), registry);
  }
  remote_read = std::make_unique<remote::ReadServer>(read_options(flags), *db, registry);
  reload();
  maintenance = std::make_unique<Repeater>([this] { db->maintain(); }, [this] { return db->maintenance_due(); });
  server->connect(services());
  {
    MutexLock lock(ready_mutex);
    connected = true;
  }
  tell_ready();
}

// On a thread of its own: meanwhile queries are answered from blocks, and scrapes logged.
void Application::State::replay() {
  try {
    db->replay();
    tell_ready();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCanceled) return;
    log_error("Opening storage failed", "err", error.what());
  } catch (const std::exception& error) {
    log_error("Opening storage failed", "err", error.what());
  }
  if (db->is_replayed()) return;
  replay_failed = true;
  ::kill(::getpid(), SIGTERM);
}

// The server is ready when it is connected and the log is replayed, whichever comes last.
void Application::State::tell_ready() {
  MutexLock lock(ready_mutex);
  if (!connected) return;
  server->set_ready(true);
  if (!db->is_replayed() || told_ready) return;
  told_ready = true;
  log_info("Server is ready to receive web requests.");
}

void Application::State::stop() {
  if (replay_thread.joinable()) {
    db->stop_replay();
    replay_thread.join();
  }
  if (server) server->set_ready(false);
  if (scraper) scraper->stop();
  if (server) server->stop();
  maintenance.reset();
  remote_write.reset();
  remote_read.reset();
  scraper.reset();
  engine.reset();
  db.reset();
}

void Application::State::reload() {
  MutexLock lock(mutex);
  load_config();
}

void Application::State::load_config() {
  const int64_t start = system_clock().monotonic_nanos();
  log_info("Loading configuration file", "filename", flags.config_file);
  try {
    auto loaded = std::make_shared<const Config>(load_config_file(flags.config_file));
    refuse_unsupported(*loaded);
    for (const std::string& warning : loaded->warnings) log_warn(warning, "filename", flags.config_file);
    db->apply(live_options(loaded->storage, flags));
    db->set_retention(retention_limits(flags, loaded->storage));
    scraper->apply(loaded);
    engine->open_query_log(loaded->global.query_log_file);
    engine->set_default_step(loaded->global.evaluation_interval);
    config = std::move(loaded);
  } catch (const std::exception& error) {
    reload_success = false;
    reload_successful.set(0);
    log_error("Error loading config", "filename", flags.config_file, "err", error.what());
    throw;
  }
  reload_success = true;
  last_config_time = system_clock().now();
  reload_successful.set(1);
  reload_time.set(static_cast<double>(last_config_time) / 1000);
  log_info("Completed loading of configuration file", "filename", flags.config_file, "totalDuration",
           fmt::format("{:.3f}ms", static_cast<double>(system_clock().monotonic_nanos() - start) / 1e6));
}

void Application::State::add_own_metrics() {
  add_process_metrics(registry);
  const web::BuildInfo build = build_info();
  registry
      .gauge("prometheus_build_info", "A metric with a constant '1' value labeled by what was built.",
             {{"version", build.version},
              {"revision", build.revision},
              {"branch", build.branch},
              {"goversion", build.compiler},
              {"tags", "hearth"}})
      .set(1);
  reload_successful = registry.gauge("prometheus_config_last_reload_successful",
                                     "Whether the last configuration reload attempt was successful.");
  reload_time = registry.gauge("prometheus_config_last_reload_success_timestamp_seconds",
                               "Timestamp of the last successful configuration reload.");
}

web::Services Application::State::services() {
  web::Services services;
  services.engine = engine.get();
  services.db = db.get();
  services.storage = db.get();
  services.scraper = scraper.get();
  services.remote_write = remote_write.get();
  services.remote_read = remote_read.get();
  services.registry = &registry;
  services.clock = &system_clock();
  services.build = build_info();
  services.flags = flags.all;
  services.config = [this] {
    MutexLock lock(mutex);
    return config;
  };
  services.runtime = [this] {
    web::RuntimeState state;
    state.start_time = start_time;
    std::error_code ignored;
    state.working_directory = std::filesystem::current_path(ignored).string();
    state.hostname = hostname();
    MutexLock lock(mutex);
    state.storage_retention = retention_text(retention_limits(flags, config ? config->storage : StorageConfig()));
    state.reload_success = reload_success;
    state.last_config_time = last_config_time;
    return state;
  };
  services.reload = [this] { reload(); };
  services.quit = [] { ::kill(::getpid(), SIGTERM); };
  if (db) services.replay = [this] { return db->replay_status(); };
  return services;
}

Application::Application(const ServerFlags& flags) : state_(std::make_unique<State>(flags)) {
  const sigset_t signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  try {
    state_->start();
  } catch (...) {
    state_->stop();
    throw;
  }
}

Application::~Application() { state_->stop(); }

int Application::run() {
  const sigset_t signals = handled_signals();
  for (;;) {
    release_free_memory();
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal == SIGHUP) {
      try {
        state_->reload();
      } catch (const std::exception&) {
        // Logged there; the configuration before goes on.
      }
      continue;
    }
    log_warn("Received an OS signal, exiting gracefully...", "signal", ::strsignal(signal));
    state_->stop();
    log_info("See you next time!");
    return state_->replay_failed ? 1 : 0;
  }
}

}  // namespace hearth
