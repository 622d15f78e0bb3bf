// digitalocean_sd: the droplets of an account.
#include <fmt/format.h>

#include "core/error.h"
#include "scraper/discovery/cloud_client.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/meta_labels.h"

namespace hearth {
namespace {

std::string address_of(const JsonValue& networks, const char* type) {
  for (const JsonValue& network : networks.items()) {
    if (network["type"].text() == type) return network["ip_address"].text();
  }
  return "";
}

std::string list_text(const JsonValue& list) {
  const std::vector<std::string> texts = list.texts();
  return texts.empty() ? "" : surrounded_list(texts, ",");
}

Labels target(const JsonValue& droplet, int64_t port) {
  const JsonValue networks = droplet["networks"], image = droplet["image"];
  const std::string public_ip = address_of(networks["v4"], "public");
  return Labels::from_pairs(
      {{"__address__", join_host_port(public_ip, port)},
       {"__meta_digitalocean_droplet_id", std::to_string(droplet["id"].integer())},
       {"__meta_digitalocean_droplet_name", droplet["name"].text()},
       {"__meta_digitalocean_image", image["slug"].text()},
       {"__meta_digitalocean_image_name", image["name"].text()},
       {"__meta_digitalocean_private_ipv4", address_of(networks["v4"], "private")},
       {"__meta_digitalocean_public_ipv4", public_ip},
       {"__meta_digitalocean_public_ipv6", address_of(networks["v6"], "public")},
       {"__meta_digitalocean_region", droplet["region"]["slug"].text()},
       {"__meta_digitalocean_size", droplet["size_slug"].text()},
       {"__meta_digitalocean_status", droplet["status"].text()},
       {"__meta_digitalocean_vpc", droplet["vpc_uuid"].text()},
       {"__meta_digitalocean_features", list_text(droplet["features"])},
       {"__meta_digitalocean_tags", list_text(droplet["tags"])}});
}

}  // namespace

std::unique_ptr<Discovery> make_digitalocean_discovery(const DigitaloceanSdConfig& config,
                                                       const DiscoveryContext& context,
                                                       const std::string& api) {
  const auto client =
      std::make_shared<const CloudClient>(config.http_client, context, config.refresh_interval);
  return make_refreshed_discovery(
      context, "digitalocean", config.refresh_interval,
      [client, api, port = config.port](Conversation& conversation) -> std::vector<TargetGroup> {
        TargetGroup group;
        group.source = "DigitalOcean";
        int page = 1;
        for_each_page(api + "/v2/droplets", [&](const std::string& url) -> std::string {
          try {
            const JsonValue answer = client->get(conversation, url);
            for (const JsonValue& droplet : answer["droplets"].items()) {
              if (!droplet["networks"]["v4"].items().empty())
                group.targets.push_back(target(droplet, port));
            }
            if (answer["links"]["pages"]["last"].text().empty()) return "";
          } catch (const Error& error) {
            throw Error(error.kind(), fmt::format("error while listing droplets page {}: {}",
                                                  page == 1 ? 0 : page, error.what()));
          }
          return fmt::format("{}/v2/droplets?page={}", api, ++page);
        });
        return {group};
      });
}

}  // namespace hearth
