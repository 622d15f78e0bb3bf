// azure_sd: the virtual machines of a subscription, those of scale sets too.
#include <fmt/format.h>

#include <chrono>
#include <map>

#include "core/error.h"
#include "core/log.h"
#include "core/uri.h"
#include "scraper/discovery/azure_token.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/meta_labels.h"

namespace hearth {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr const char* kComputeVersion = "2024-07-01";  // of the API
constexpr const char* kNetworkVersion = "2024-05-01";
constexpr const char* kExpand = "IPConfigurations/PublicIPAddress";
constexpr int kCachedIntervals = 10;  // refreshes that an interface is good for

struct Machine {
  JsonValue vm;
  std::string scale_set;
};

// The resource group of "/subscriptions/x/resourceGroups/<group>/providers/...".
std::string resource_group_of(const std::string& id) {
  constexpr std::string_view kMark = "/resourcegroups/";
  std::string lower = id;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const size_t at = lower.find(kMark);
  if (at == std::string::npos)
    throw Error(ErrorKind::kBadData, "invalid ID '" + id + "': it has no resource group");
  const size_t start = at + kMark.size();
  return id.substr(start, id.find('/', start) - start);
}

std::string name_of(const std::string& id) { return id.substr(id.rfind('/') + 1); }

// One refresh at a time.
class AzureMechanism {
 public:
  AzureMechanism(const AzureSdConfig& config, const DiscoveryContext& context,
                 const AzureEndpoints& endpoints)
      : config_(config),
        client_(config.http_client, context, config.refresh_interval),
        cloud_(azure_cloud(config.environment)),
        failures_(context.registry.counter("prometheus_sd_azure_failures_total",
                                           "Number of Azure service discovery refresh failures.")),
        cache_hits_(context.registry.counter("prometheus_sd_azure_cache_hit_total",
                                             "Number of cache hit during refresh.")) {
    cloud_.metadata = endpoints.metadata;
    if (!endpoints.login.empty()) cloud_.login = endpoints.login;
    if (!endpoints.management.empty()) cloud_.management = endpoints.management;
  }

  std::vector<TargetGroup> ask(Conversation& conversation) {
    try {
      return groups(conversation);
    } catch (const Error&) {
      failures_.add();
      throw;
    }
  }

 private:
  struct CachedInterface {
    JsonValue interface;
    SteadyTime until;
  };

  std::vector<TargetGroup> groups(Conversation& conversation);
  std::vector<Machine> machines(Conversation& conversation);
  std::vector<JsonValue> list(Conversation& conversation, const std::string& scope,
                              const std::string& what);
  HttpRequest request(Conversation& conversation, const std::string& url);
  JsonValue checked(const HttpRequest& request, const HttpResponse& response);
  void fetch_interfaces(Conversation& conversation, const std::vector<Machine>& machines);
  std::string interface_url(const std::string& id, const Machine& machine) const;
  void add_target(const Machine& machine, std::vector<Labels>& targets) const;

  const AzureSdConfig config_;
  const CloudClient client_;
  AzureCloud cloud_;
  Counter failures_, cache_hits_;
  CachedToken token_;
  std::map<std::string, CachedInterface> interfaces_;  // by id
};

HttpRequest AzureMechanism::request(Conversation& conversation, const std::string& url) {
  HttpRequest out = client_.request(url);
  out.headers.push_back("Authorization: Bearer " + token_.get([&] {
    return fetch_azure_token(conversation, client_, config_, cloud_);
  }));
  return out;
}

JsonValue AzureMechanism::checked(const HttpRequest& request, const HttpResponse& response) {
  if (response.status == 401) token_.forget();
  if (response.status / 100 != 2) throw_unexpected_status(request, response);
  return JsonValue::parse(response.body);
}

// All of "virtualMachines", say, below a scope of the subscription.
std::vector<JsonValue> AzureMechanism::list(Conversation& conversation, const std::string& scope,
                                            const std::string& what) {
  std::vector<JsonValue> all;
  const std::string first = fmt::format(
      "{}/subscriptions/{}{}/providers/Microsoft.Compute/{}?api-version={}", cloud_.management,
      path_escape(config_.subscription_id), scope, what, kComputeVersion);
  for_each_page(first, [&](const std::string& url) {
    const HttpRequest asked = request(conversation, url);
    const JsonValue page = checked(asked, conversation.send(asked));
    for (const JsonValue& item : page["value"].items()) all.push_back(item);
    return page["nextLink"].text();
  });
  return all;
}

std::vector<Machine> AzureMechanism::machines(Conversation& conversation) {
  const auto named = [](const char* what, auto work) {
    try {
      return work();
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("could not get {}: {}", what, error.what()));
    }
  };
  const std::string scope = config_.resource_group.empty()
                                ? ""
                                : "/resourceGroups/" + path_escape(config_.resource_group);
  std::vector<Machine> found;
  for (const JsonValue& vm :
       named("virtual machines", [&] { return list(conversation, scope, "virtualMachines"); })) {
    found.push_back({vm, ""});
  }
  const std::vector<JsonValue> sets = named("virtual machine scale sets", [&] {
    return list(conversation, scope, "virtualMachineScaleSets");
  });
  for (const JsonValue& set : sets) {
    const std::string name = set["name"].text();
    const std::vector<JsonValue> members = named("virtual machine scale set vms", [&] {
      return list(conversation,
                  "/resourceGroups/" + path_escape(resource_group_of(set["id"].text())),
                  "virtualMachineScaleSets/" + path_escape(name) + "/virtualMachines");
    });
    for (const JsonValue& vm : members) found.push_back({vm, name});
  }
  return found;
}

std::string AzureMechanism::interface_url(const std::string& id, const Machine& machine) const {
  const std::string query =
      fmt::format("?%24expand={}&api-version={}", query_escape(kExpand), kNetworkVersion);
  const std::string base =
      fmt::format("{}/subscriptions/{}/resourceGroups/{}/providers/", cloud_.management,
                  path_escape(config_.subscription_id), path_escape(resource_group_of(id)));
  if (machine.scale_set.empty())
    return base + "Microsoft.Network/networkInterfaces/" + path_escape(name_of(id)) + query;
  return base +
         fmt::format(
             "microsoft.Compute/virtualMachineScaleSets/{}/virtualMachines/{}/networkInterfaces/{}",
             path_escape(machine.scale_set), path_escape(machine.vm["instanceId"].text()),
             path_escape(name_of(id))) +
         query;
}

// Those that are not known, or no longer good.
void AzureMechanism::fetch_interfaces(Conversation& conversation,
                                      const std::vector<Machine>& machines) {
  const SteadyTime now = std::chrono::steady_clock::now();
  std::vector<std::string> ids;
  std::vector<HttpRequest> requests;
  std::map<std::string, CachedInterface> kept;
  for (const Machine& machine : machines) {
    for (const JsonValue& attached :
         machine.vm["properties"]["networkProfile"]["networkInterfaces"].items()) {
      const std::string id = attached["id"].text();
      const auto known = interfaces_.find(id);
      if (known != interfaces_.end() && known->second.until > now) {
        cache_hits_.add();
        kept.insert(*known);
        continue;
      }
      ids.push_back(id);
      requests.push_back(request(conversation, interface_url(id, machine)));
    }
  }
  interfaces_ = std::move(kept);
  const std::vector<HttpResponse> responses = conversation.send_all(requests);
  const SteadyTime until =
      now + kCachedIntervals * std::chrono::milliseconds(config_.refresh_interval);
  for (size_t i = 0; i < ids.size(); ++i) {
    if (responses[i].status == 404) {
      log_warn("Network interface does not exist", "component", "discovery manager scrape",
               "discovery", "azure", "name", ids[i]);
      continue;
    }
    try {
      interfaces_[ids[i]] = {checked(requests[i], responses[i]), until};
    } catch (const Error& error) {
      throw Error(
          error.kind(),
          fmt::format(
              "unable to complete Azure service discovery: failed to retrieve Interface {} with "
              "error: {}",
              ids[i], error.what()));
    }
  }
}

// At the private address of the machine's primary interface; a machine without one is deallocated.
void AzureMechanism::add_target(const Machine& machine, std::vector<Labels>& targets) const {
  const JsonValue vm = machine.vm, properties = vm["properties"];
  const std::string id = vm["id"].text();
  LabelPairs labels = {
      {"__meta_azure_subscription_id", config_.subscription_id},
      {"__meta_azure_tenant_id", config_.tenant_id},
      {"__meta_azure_machine_id", id},
      {"__meta_azure_machine_name", vm["name"].text()},
      {"__meta_azure_machine_computer_name", properties["osProfile"]["computerName"].text()},
      {"__meta_azure_machine_os_type", properties["storageProfile"]["osDisk"]["osType"].text()},
      {"__meta_azure_machine_location", vm["location"].text()},
      {"__meta_azure_machine_resource_group", resource_group_of(id)},
      {"__meta_azure_machine_size", properties["hardwareProfile"]["vmSize"].text()},
      {"__meta_azure_machine_scale_set", machine.scale_set}};
  for (const auto& [name, value] : vm["tags"].members()) {
    labels.emplace_back("__meta_azure_machine_tag_" + sanitize_label_name(name), value.text());
  }
  for (const JsonValue& attached : properties["networkProfile"]["networkInterfaces"].items()) {
    const auto known = interfaces_.find(attached["id"].text());
    if (known == interfaces_.end()) return;
    const JsonValue interface = known->second.interface["properties"];
    if (interface.is_null()) continue;
    if (interface["primary"].is_null()) return;
    if (!interface["primary"].flag()) continue;
    const std::vector<JsonValue> addresses = interface["ipConfigurations"].items();
    if (addresses.empty()) continue;
    const JsonValue address = addresses.front()["properties"];
    const std::string ip = address["privateIPAddress"].text();
    if (ip.empty()) {
      throw Error(
          ErrorKind::kBadData,
          "unable to complete Azure service discovery: unable to find a private IP for VM " +
              vm["name"].text());
    }
    labels.emplace_back("__meta_azure_machine_public_ip",
                        address["publicIPAddress"]["properties"]["ipAddress"].text());
    labels.emplace_back("__meta_azure_machine_private_ip", ip);
    labels.emplace_back("__address__", join_host_port(ip, config_.port));
    targets.push_back(Labels::from_pairs(std::move(labels)));
    return;
  }
}

std::vector<TargetGroup> AzureMechanism::groups(Conversation& conversation) {
  const std::vector<Machine> found = machines(conversation);
  fetch_interfaces(conversation, found);
  TargetGroup group;
  for (const Machine& machine : found) add_target(machine, group.targets);
  return {group};
}

}  // namespace

std::unique_ptr<Discovery> make_azure_discovery(const AzureSdConfig& config,
                                                const DiscoveryContext& context,
                                                const AzureEndpoints& endpoints) {
  const auto mechanism = std::make_shared<AzureMechanism>(config, context, endpoints);
  return make_refreshed_discovery(
      context, "azure", config.refresh_interval,
      [mechanism](Conversation& conversation) { return mechanism->ask(conversation); });
}

}  // namespace hearth
