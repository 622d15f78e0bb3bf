// hetzner_sd: cloud servers (hcloud) and dedicated servers (robot) at Hetzner.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "core/uri.h"
#include "scraper/discovery/cloud_client.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/meta_labels.h"

namespace hearth {
namespace {

constexpr int kPerPage = 50;

// What Go prints of an address that a server does not have.
std::string or_nil(const std::string& text) { return text.empty() ? "<nil>" : text; }

// All of a list, which is asked for page by page.
std::vector<JsonValue> all_pages(const CloudClient& client, Conversation& conversation,
                                 const std::string& url, const std::string& list,
                                 const QueryParameters& parameters) {
  std::vector<JsonValue> all;
  const auto page_url = [&](int64_t page) {
    QueryParameters with_page = parameters;
    with_page["page"] = {std::to_string(page)};
    with_page["per_page"] = {std::to_string(kPerPage)};
    return url + "?" + encode_query(with_page);
  };
  for_each_page(page_url(1), [&](const std::string& page) -> std::string {
    const JsonValue answer = client.get(conversation, page);
    for (const JsonValue& item : answer[list].items()) all.push_back(item);
    const int64_t next = answer["meta"]["pagination"]["next_page"].integer();
    return next > 0 ? page_url(next) : "";
  });
  return all;
}

// ---- hcloud ------------------------------------------------------------------------------------

Labels cloud_target(const JsonValue& server, const std::map<int64_t, std::string>& networks,
                    int64_t port) {
  const JsonValue type = server["server_type"], image = server["image"];
  const JsonValue location =
      server["location"].is_null() ? server["datacenter"]["location"] : server["location"];
  const std::string ip = or_nil(server["public_net"]["ipv4"]["ip"].text());
  LabelPairs labels = {
      {"__address__", join_host_port(ip, port)},
      {"__meta_hetzner_role", "hcloud"},
      {"__meta_hetzner_server_id", std::to_string(server["id"].integer())},
      {"__meta_hetzner_server_name", server["name"].text()},
      {"__meta_hetzner_server_status", server["status"].text()},
      {"__meta_hetzner_public_ipv4", ip},
      {"__meta_hetzner_public_ipv6_network", or_nil(server["public_net"]["ipv6"]["ip"].text())},
      {"__meta_hetzner_hcloud_location", location["name"].text()},
      {"__meta_hetzner_hcloud_location_network_zone", location["network_zone"].text()},
      {"__meta_hetzner_hcloud_datacenter_location", location["name"].text()},
      {"__meta_hetzner_hcloud_datacenter_location_network_zone", location["network_zone"].text()},
      {"__meta_hetzner_hcloud_server_type", type["name"].text()},
      {"__meta_hetzner_hcloud_cpu_cores", std::to_string(type["cores"].integer())},
      {"__meta_hetzner_hcloud_cpu_type", type["cpu_type"].text()},
      {"__meta_hetzner_hcloud_memory_size_gb",
       fmt::format("{:.0f}", std::trunc(type["memory"].number()))},
      {"__meta_hetzner_hcloud_disk_size_gb", std::to_string(type["disk"].integer())},
      {"__meta_hetzner_hcloud_image_name", image["name"].text()},
      {"__meta_hetzner_hcloud_image_description", image["description"].text()},
      {"__meta_hetzner_hcloud_image_os_version", image["os_version"].text()},
      {"__meta_hetzner_hcloud_image_os_flavor", image["os_flavor"].text()}};
  for (const JsonValue& attached : server["private_net"].items()) {
    const auto network = networks.find(attached["network"].integer());
    if (network == networks.end()) continue;
    labels.emplace_back(
        "__meta_hetzner_hcloud_private_ipv4_" + sanitize_label_name(network->second),
        attached["ip"].text());
  }
  for (const auto& [name, value] : server["labels"].members()) {
    labels.emplace_back("__meta_hetzner_hcloud_labelpresent_" + sanitize_label_name(name), "true");
    labels.emplace_back("__meta_hetzner_hcloud_label_" + sanitize_label_name(name), value.text());
  }
  return Labels::from_pairs(std::move(labels));
}

std::vector<Labels> cloud_targets(const CloudClient& client, Conversation& conversation,
                                  const HetznerSdConfig& config, const std::string& api) {
  QueryParameters selection;
  if (!config.label_selector.empty()) selection["label_selector"] = {config.label_selector};
  const auto servers = all_pages(client, conversation, api + "/servers", "servers", selection);
  std::map<int64_t, std::string> networks;
  for (const JsonValue& network :
       all_pages(client, conversation, api + "/networks", "networks", {})) {
    networks[network["id"].integer()] = network["name"].text();
  }
  std::vector<Labels> targets;
  for (const JsonValue& server : servers)
    targets.push_back(cloud_target(server, networks, config.port));
  return targets;
}

// ---- robot -------------------------------------------------------------------------------------

bool is_ipv4(const std::string& text) {
  in_addr ignored;
  return inet_pton(AF_INET, text.c_str(), &ignored) == 1;
}

Labels robot_target(const JsonValue& server, int64_t port) {
  const std::string ip = server["server_ip"].text();
  std::string datacenter = server["dc"].text();
  std::transform(datacenter.begin(), datacenter.end(), datacenter.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  LabelPairs labels = {
      {"__address__", join_host_port(ip, port)},
      {"__meta_hetzner_role", "robot"},
      {"__meta_hetzner_server_id", std::to_string(server["server_number"].integer())},
      {"__meta_hetzner_server_name", server["server_name"].text()},
      {"__meta_hetzner_server_status", server["status"].text()},
      {"__meta_hetzner_datacenter", datacenter},
      {"__meta_hetzner_robot_datacenter", datacenter},
      {"__meta_hetzner_public_ipv4", ip},
      {"__meta_hetzner_robot_product", server["product"].text()},
      {"__meta_hetzner_robot_cancelled", bool_text(server["cancelled"].flag())}};
  for (const JsonValue& subnet : server["subnet"].items()) {
    const std::string network = subnet["ip"].text();
    if (is_ipv4(network)) continue;
    labels.emplace_back("__meta_hetzner_public_ipv6_network",
                        network + "/" + subnet["mask"].text());
    break;
  }
  return Labels::from_pairs(std::move(labels));
}

std::vector<Labels> robot_targets(const CloudClient& client, Conversation& conversation,
                                  const HetznerSdConfig& config, const std::string& api) {
  const HttpResponse response = conversation.send(client.request(api + "/server"));
  if (response.status / 100 != 2) {
    throw Error(
        ErrorKind::kUnavailable,
        fmt::format("non 2xx status '{}' response during hetzner service discovery with role robot",
                    response.status));
  }
  std::vector<Labels> targets;
  for (const JsonValue& item : JsonValue::parse(response.body).items()) {
    targets.push_back(robot_target(item["server"], config.port));
  }
  return targets;
}

}  // namespace

std::unique_ptr<Discovery> make_hetzner_discovery(const HetznerSdConfig& config,
                                                  const DiscoveryContext& context,
                                                  const std::string& api) {
  const bool cloud = config.role == "hcloud";
  const std::string given_or_public = !api.empty() ? api
                                      : cloud      ? "https://api.hetzner.cloud/v1"
                                                   : "https://robot-ws.your-server.de";
  const auto client =
      std::make_shared<const CloudClient>(config.http_client, context, config.refresh_interval);
  return make_refreshed_discovery(
      context, "hetzner", config.refresh_interval,
      [client, config, cloud,
       given_or_public](Conversation& conversation) -> std::vector<TargetGroup> {
        TargetGroup group;
        group.source = "hetzner";
        group.targets = cloud ? cloud_targets(*client, conversation, config, given_or_public)
                              : robot_targets(*client, conversation, config, given_or_public);
        return {group};
      });
}

}  // namespace hearth
