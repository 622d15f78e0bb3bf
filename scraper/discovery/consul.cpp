// consul_sd: the services of a catalog, each watched by a blocking query of its own; all on one
// thread.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "config/http_access.h"
#include "core/error.h"
#include "core/http_client.h"
#include "core/log.h"
#include "core/threads.h"
#include "core/uri.h"
#include "scraper/discovery/consul_group.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/refresh.h"

namespace hearth {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr milliseconds kWatch{120'000};  // Consul answers by then, changed or not
constexpr milliseconds kGrace{15'000};   // beyond which it does not
constexpr milliseconds kRetry{15'000};   // after a failure

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

// How the server is reached: `server` may have a scheme and a path.
struct Endpoint {
  std::string base;  // "http://localhost:8500/prefix"
  std::string unix_socket;
};

Endpoint endpoint_of(const ConsulSdConfig& config) {
  std::string scheme = config.scheme, address = config.server, prefix = config.path_prefix;
  if (const size_t mark = address.find("://"); mark != std::string::npos) {
    const std::string given = address.substr(0, mark);
    address.erase(0, mark + 3);
    if (given == "unix") return {"http://127.0.0.1" + prefix, address};
    if (given == "https") scheme = given;
    if (given != "https" && given != "http") {
      throw Error(ErrorKind::kBadData, "Unknown protocol scheme: " + given);
    }
  }
  if (const size_t slash = address.find('/'); slash != std::string::npos) {
    prefix = address.substr(slash);
    address.erase(slash);
  }
  return {scheme + "://" + address + prefix, ""};
}

// One thread, but for the end.
class ConsulDiscovery final : public Discovery {
 public:
  ConsulDiscovery(const ConsulSdConfig& config, const DiscoveryContext& context)
      : config_(config),
        endpoint_(endpoint_of(config)),
        job_(context.job),
        authority_(make_http_authority(config.http_client, context.dir)),
        user_agent_(context.user_agent),
        rpc_failures_(context.registry.counter("prometheus_sd_consul_rpc_failures_total",
                                               "The number of Consul RPC call failures.")),
        services_duration_(rpc_duration(context.registry, "services")),
        service_duration_(rpc_duration(context.registry, "service")),
        datacenter_(config.datacenter) {}
  ~ConsulDiscovery() override {
    ended_ = true;
    client_.wake();
    if (thread_.joinable()) thread_.join();
  }

  void start(GroupUpdate update) override {
    update_ = std::move(update);
    thread_ = std::thread([this] {
      name_thread("sd consul");
      run();
    });
  }

 private:
  // A query that is asked again and again, and waits at the server until its answer changes.
  struct Watch {
    std::string what, path;
    QueryParameters parameters;
    std::string filter;
    bool blocking = true;
    Observer duration;
    std::function<void(const HttpResponse&)> changed;  // throws Error for an answer of another form
    std::unique_ptr<HttpClient::Slot> slot;
    uint64_t index = 0;
    SteadyTime asked, due;
  };
  using Watches = std::map<std::string, Watch>;  // by path

  static Observer rpc_duration(Registry& registry, const char* call) {
    return registry.summary("prometheus_sd_consul_rpc_duration_seconds",
                            "The duration of a Consul RPC call in seconds.", {0.5, 0.9, 0.99},
                            {{"endpoint", "catalog"}, {"call", call}});
  }

  void run();
  void begin_watching();
  void watch_catalog();
  void watch_service(const std::string& name);
  void take_services(std::string_view answer);
  bool wanted(const ConsulService& service) const;
  void add(Watch watch);
  void ask(Watch& watch);
  void answered(Watch& watch, HttpResponse response);
  void take(Watch& watch, HttpResponse response);
  HttpRequest request(const Watch& watch) const;
  void tell(TargetGroup group) {
    std::vector<TargetGroup> groups;
    groups.push_back(std::move(group));
    guard("discovery", [&] { update_(std::move(groups)); });
  }

  const ConsulSdConfig config_;
  const Endpoint endpoint_;
  const std::string job_;
  const std::shared_ptr<HttpAuthority> authority_;
  const std::string user_agent_;
  Counter rpc_failures_;
  Observer services_duration_, service_duration_;
  GroupUpdate update_;
  std::atomic<bool> ended_{false};
  HttpClient client_{4};
  // Of the thread.
  std::string datacenter_;
  Watches watches_;                                   // after client_
  std::set<std::pair<SteadyTime, std::string>> due_;  // paths of those that are not under way
  std::set<std::string> services_;  // that are watched because the catalog has them
  std::thread thread_;
};

// ---- what is watched ---------------------------------------------------------------------------

void ConsulDiscovery::run() {
  Watch agent;
  agent.what = "Error retrieving datacenter name";
  agent.path = "/v1/agent/self";
  agent.blocking = false;
  agent.changed = [this](const HttpResponse& response) {
    datacenter_ = parse_consul_datacenter(response.body);
    begin_watching();
  };
  if (datacenter_.empty()) {
    add(std::move(agent));
  } else {
    begin_watching();
  }
  while (!ended_) {
    while (!due_.empty() && due_.begin()->first <= steady_now()) {
      Watch& watch = watches_[due_.begin()->second];
      due_.erase(due_.begin());
      ask(watch);
    }
    milliseconds wait = kWatch;
    if (!due_.empty()) wait = std::chrono::ceil<milliseconds>(due_.begin()->first - steady_now());
    client_.poll(wait.count());
  }
  watches_.clear();
}

void ConsulDiscovery::begin_watching() {
  if (config_.services.empty() || !config_.tags.empty()) {
    watch_catalog();
  } else {
    for (const std::string& name : config_.services) watch_service(name);
  }
}

void ConsulDiscovery::watch_catalog() {
  Watch watch;
  watch.what = "Error refreshing service list";
  watch.path = "/v1/catalog/services";
  watch.filter = config_.filter;
  watch.duration = services_duration_;
  watch.changed = [this](const HttpResponse& response) { take_services(response.body); };
  add(std::move(watch));
}

void ConsulDiscovery::watch_service(const std::string& name) {
  Watch watch;
  watch.what = "Error refreshing service " + name;
  watch.path = "/v1/health/service/" + path_escape(name);
  if (!config_.tags.empty()) watch.parameters["tag"] = config_.tags;
  watch.filter = config_.health_filter;
  watch.duration = service_duration_;
  watch.changed = [this, name](const HttpResponse& response) {
    tell(consul_group(response.body, name, datacenter_, config_.tag_separator));
  };
  add(std::move(watch));
}

bool ConsulDiscovery::wanted(const ConsulService& service) const {
  const auto has = [](const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  if (!config_.services.empty() && !has(config_.services, service.name)) return false;
  return std::all_of(config_.tags.begin(), config_.tags.end(),
                     [&](const std::string& tag) { return has(service.tags, tag); });
}

void ConsulDiscovery::take_services(std::string_view answer) {
  std::set<std::string> present;
  for (const ConsulService& service : parse_consul_services(answer)) {
    present.insert(service.name);
    if (wanted(service) && services_.insert(service.name).second) watch_service(service.name);
  }
  for (auto it = services_.begin(); it != services_.end();) {
    if (present.contains(*it)) {
      ++it;
      continue;
    }
    const std::string path = "/v1/health/service/" + path_escape(*it);
    due_.erase({watches_[path].due, path});
    watches_.erase(path);  // ends its query
    TargetGroup ended;
    ended.source = *it;
    tell(std::move(ended));
    it = services_.erase(it);
  }
}

// ---- asking ------------------------------------------------------------------------------------

void ConsulDiscovery::add(Watch watch) {
  if (watches_.contains(watch.path)) return;  // a service that is named twice
  watch.slot = client_.slot();
  watch.due = steady_now();
  const std::string path = watch.path;
  watches_[path] = std::move(watch);
  due_.emplace(watches_[path].due, path);
}

HttpRequest ConsulDiscovery::request(const Watch& watch) const {
  QueryParameters parameters = watch.parameters;
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) parameters[name] = {value};
  };
  set("dc", config_.datacenter);
  set("ns", config_.namespace_name);
  set("partition", config_.partition);
  if (watch.blocking) {
    set("filter", watch.filter);
    set("wait", fmt::format("{}ms", kWatch.count()));
    if (watch.index != 0) set("index", std::to_string(watch.index));
    if (config_.allow_stale) parameters["stale"] = {""};
    for (const auto& [key, value] : config_.node_meta)
      parameters["node-meta"].push_back(key + ":" + value);
  }
  HttpRequest out;
  out.url =
      endpoint_.base + watch.path + (parameters.empty() ? "" : "?" + encode_query(parameters));
  out.headers.push_back("User-Agent: " + user_agent_);
  out.headers.push_back("Accept-Encoding: gzip");
  if (!config_.token.value.empty()) out.headers.push_back("X-Consul-Token: " + config_.token.value);
  out.timeout = (kWatch + kGrace).count();
  out.max_body_bytes = kMaxAnswerBytes;
  out.keep_headers = true;
  out.authority = authority_;
  out.options.unix_socket = endpoint_.unix_socket;
  return out;
}

void ConsulDiscovery::ask(Watch& watch) {
  watch.asked = steady_now();
  client_.start(*watch.slot, request(watch), [this, path = watch.path](HttpResponse response) {
    answered(watches_[path], std::move(response));
  });
}

// Throws Error where the answer is none.
void ConsulDiscovery::take(Watch& watch, HttpResponse response) {
  response = whole_answer(std::move(response));
  if (response.status != 200) {
    throw Error(ErrorKind::kUnavailable,
                fmt::format("Unexpected response code: {} ({})", response.status,
                            response.body.substr(0, 1000)));
  }
  if (!watch.blocking) return watch.changed(response);
  const std::string_view text = response.header("X-Consul-Index");
  uint64_t index = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (!text.empty() && (code != std::errc() || end != text.data() + text.size())) {
    throw Error(ErrorKind::kBadData, fmt::format("Failed to parse X-Consul-Index: {}", text));
  }
  if (index == watch.index) return;  // nothing changed while it waited
  watch.changed(response);
  watch.index = index;
}

void ConsulDiscovery::answered(Watch& watch, HttpResponse response) {
  if (ended_) return;
  const SteadyTime now = steady_now();
  watch.duration.observe(std::chrono::duration<double>(now - watch.asked).count());
  watch.due = std::max(now, watch.asked + milliseconds(config_.refresh_interval));
  try {
    take(watch, std::move(response));
    if (!watch.blocking) {
      watches_.erase(watches_.find(watch.path));
      return;
    }
  } catch (const Error& error) {
    rpc_failures_.add();
    log_error(watch.what, "component", "discovery manager scrape", "discovery", "consul", "config",
              job_, "tags", fmt::format("{}", fmt::join(config_.tags, ",")), "err", error.what());
    watch.due = std::max(watch.due, now + kRetry);
  }
  due_.emplace(watch.due, watch.path);
}

}  // namespace

std::unique_ptr<Discovery> make_consul_discovery(const ConsulSdConfig& config,
                                                 const DiscoveryContext& context) {
  return std::make_unique<ConsulDiscovery>(config, context);
}

}  // namespace hearth
