// dns_sd: targets are the SRV, A, AAAA, MX or NS records of names, asked of the servers in
// resolv.conf.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "core/go_text.h"
#include "core/log.h"
#include "scraper/discovery/dns_exchange.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/meta_labels.h"
#include "scraper/discovery/refresh.h"
#include "scraper/discovery/resolv_conf.h"

namespace hearth {
namespace {

constexpr size_t kMaxAtOnce = 16;  // names under way

DnsType to_type(const std::string& name) {
  if (name == "A") return DnsType::kA;
  if (name == "AAAA") return DnsType::kAaaa;
  if (name == "MX") return DnsType::kMx;
  return name == "NS" ? DnsType::kNs : DnsType::kSrv;
}

// The first server that knows whether the name exists.
DnsAnswer ask_servers(const ResolvConf& conf, const std::string& name, DnsType type, int end_fd) {
  for (const std::string& server : conf.servers) {
    try {
      DnsAnswer answer = dns_exchange(server, name, type, end_fd);
      if (answer.code == kDnsSuccess || answer.code == kDnsNameError) return answer;
    } catch (const Error& error) {
      log_warn("DNS resolution failed", "component", "discovery manager scrape", "discovery", "dns",
               "server", server, "name", name, "err", error.what());
    }
  }
  throw Error(ErrorKind::kUnavailable,
              "could not resolve " + name + ": no servers returned a viable answer");
}

// Without records where all that the name may stand for does not exist.
DnsAnswer look_up(const ResolvConf& conf, const std::string& name, DnsType type, int end_fd) {
  bool all_answered = true;
  for (const std::string& full : names_to_try(conf, name)) {
    try {
      DnsAnswer answer = ask_servers(conf, full, type, end_fd);
      if (answer.code == kDnsSuccess) return answer;
    } catch (const Error&) {
      all_answered = false;
    }
  }
  if (all_answered) return {};
  throw Error(
      ErrorKind::kUnavailable,
      fmt::format(
          "could not resolve {}: all servers responded with errors to at least one search domain",
          go_quote(name)));
}

std::string without_final_dots(std::string name) {
  while (name.ends_with('.')) name.pop_back();
  return name;
}

// One refresh at a time.
class DnsMechanism {
 public:
  DnsMechanism(const DnsSdConfig& config, const DiscoveryContext& context,
               const std::string& resolv_conf)
      : config_(config),
        type_(to_type(config.type)),
        resolv_conf_(resolv_conf),
        lookups_(context.registry.counter("prometheus_sd_dns_lookups_total",
                                          "The number of DNS-SD lookups.")),
        failures_(context.registry.counter("prometheus_sd_dns_lookup_failures_total",
                                           "The number of DNS-SD lookup failures.")) {}

  // A name that cannot be resolved now keeps its group.
  std::vector<TargetGroup> ask(Conversation& conversation);

 private:
  TargetGroup group_of(const std::string& name, int end_fd) const;
  Labels target(const std::string& name, const DnsRecord& record) const;

  const DnsSdConfig config_;
  const DnsType type_;
  const std::string resolv_conf_;
  Counter lookups_, failures_;
  std::map<std::string, TargetGroup> known_;  // by name
};

Labels DnsMechanism::target(const std::string& name, const DnsRecord& record) const {
  LabelPairs labels = {{"__meta_dns_name", name}};
  const int64_t port = record.type == DnsType::kSrv ? record.port : config_.port;
  switch (record.type) {
    case DnsType::kSrv:
      labels.emplace_back("__meta_dns_srv_record_target", record.target);
      labels.emplace_back("__meta_dns_srv_record_port", std::to_string(record.port));
      break;
    case DnsType::kMx:
      labels.emplace_back("__meta_dns_mx_record_target", record.target);
      break;
    case DnsType::kNs:
      labels.emplace_back("__meta_dns_ns_record_target", record.target);
      break;
    default:
      break;
  }
  labels.emplace_back("__address__", join_host_port(without_final_dots(record.target), port));
  return Labels::from_pairs(std::move(labels));
}

TargetGroup DnsMechanism::group_of(const std::string& name, int end_fd) const {
  lookups_.add();
  try {
    const DnsAnswer answer =
        look_up(parse_resolv_conf(read_file(resolv_conf_)), name, type_, end_fd);
    TargetGroup group;
    group.source = name;
    for (const DnsRecord& record : answer.records) {
      if (record.type == DnsType::kCname) continue;  // on the way to addresses
      if (record.target.empty()) {
        log_warn("Invalid record", "component", "discovery manager scrape", "discovery", "dns",
                 "name", name, "type", static_cast<int>(record.type));
        continue;
      }
      group.targets.push_back(target(name, record));
    }
    return group;
  } catch (const Error&) {
    failures_.add();
    throw;
  }
}

std::vector<TargetGroup> DnsMechanism::ask(Conversation& conversation) {
  const std::vector<std::string>& names = config_.names;
  std::vector<TargetGroup> found(names.size());  // "" = not this time
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i; (i = next++) < names.size();) {
      try {
        found[i] = group_of(names[i], conversation.end_fd());
      } catch (const Error& error) {
        log_error("Error refreshing DNS targets", "component", "discovery manager scrape",
                  "discovery", "dns", "err", error.what());
      }
    }
  };
  std::vector<std::jthread> threads;
  for (size_t i = 1; i < std::min(names.size(), kMaxAtOnce); ++i) threads.emplace_back(work);
  work();
  threads.clear();  // joins
  conversation.check();

  std::vector<TargetGroup> groups;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!found[i].source.empty()) known_[names[i]] = std::move(found[i]);
  }
  for (const auto& [name, group] : known_) groups.push_back(group);
  return groups;
}

}  // namespace

std::unique_ptr<Discovery> make_dns_discovery(const DnsSdConfig& config,
                                              const DiscoveryContext& context,
                                              const std::string& resolv_conf) {
  const auto mechanism = std::make_shared<DnsMechanism>(config, context, resolv_conf);
  return make_refreshed_discovery(
      context, "dns", config.refresh_interval,
      [mechanism](Conversation& conversation) { return mechanism->ask(conversation); });
}

}  // namespace hearth
