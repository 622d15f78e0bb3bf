// gce_sd: the instances of a zone of a Google Cloud project.
#include <fmt/format.h>

#include "core/error.h"
#include "core/uri.h"
#include "scraper/discovery/cloud_client.h"
#include "scraper/discovery/google_token.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/meta_labels.h"

namespace hearth {
namespace {

std::string surrounded_or_empty(const std::vector<std::string>& texts,
                                const std::string& separator) {
  return texts.empty() ? "" : surrounded_list(texts, separator);
}

Labels target(const JsonValue& instance, const GceSdConfig& config) {
  const std::vector<JsonValue> interfaces = instance["networkInterfaces"].items();
  const JsonValue& main = interfaces.front();
  const std::string ip = main["networkIP"].text();
  LabelPairs labels = {{"__address__", fmt::format("{}:{}", ip, config.port)},
                       {"__meta_gce_project", config.project},
                       {"__meta_gce_zone", instance["zone"].text()},
                       {"__meta_gce_instance_id", instance["id"].scalar()},
                       {"__meta_gce_instance_name", instance["name"].text()},
                       {"__meta_gce_instance_status", instance["status"].text()},
                       {"__meta_gce_machine_type", instance["machineType"].text()},
                       {"__meta_gce_network", main["network"].text()},
                       {"__meta_gce_subnetwork", main["subnetwork"].text()},
                       {"__meta_gce_private_ip", ip},
                       {"__meta_gce_tags", surrounded_or_empty(instance["tags"]["items"].texts(),
                                                               config.tag_separator)}};
  for (const JsonValue& interface : interfaces) {
    labels.emplace_back(
        "__meta_gce_interface_ipv4_" + sanitize_label_name(interface["name"].text()),
        interface["networkIP"].text());
  }
  for (const JsonValue& item : instance["metadata"]["items"].items()) {
    if (item["value"].is_null()) continue;
    labels.emplace_back("__meta_gce_metadata_" + sanitize_label_name(item["key"].text()),
                        item["value"].text());
  }
  for (const auto& [name, value] : instance["labels"].members()) {
    labels.emplace_back("__meta_gce_label_" + sanitize_label_name(name), value.text());
  }
  const std::vector<JsonValue> access = main["accessConfigs"].items();
  if (!access.empty() && access.front()["type"].text() == "ONE_TO_ONE_NAT") {
    labels.emplace_back("__meta_gce_public_ip", access.front()["natIP"].text());
  }
  return Labels::from_pairs(std::move(labels));
}

// gce_sd has no settings of its own for that.
HttpClientConfig through_environment_proxies() {
  HttpClientConfig config;
  config.proxy_from_environment = true;
  return config;
}

// One refresh at a time.
class GceMechanism {
 public:
  GceMechanism(const GceSdConfig& config, const DiscoveryContext& context,
               const GceEndpoints& endpoints)
      : config_(config),
        client_(through_environment_proxies(), context, config.refresh_interval),
        endpoints_(endpoints) {}

  std::vector<TargetGroup> ask(Conversation& conversation) {
    try {
      return groups(conversation);
    } catch (const Error& error) {
      throw Error(error.kind(),
                  std::string("error retrieving refresh targets from gce: ") + error.what());
    }
  }

 private:
  std::vector<TargetGroup> groups(Conversation& conversation) {
    TargetGroup group;
    group.source = fmt::format("GCE_{}_{}", config_.project, config_.zone);
    const std::string base =
        fmt::format("{}/compute/v1/projects/{}/zones/{}/instances?alt=json&prettyPrint=false",
                    endpoints_.compute, path_escape(config_.project), path_escape(config_.zone)) +
        (config_.filter.empty() ? "" : "&filter=" + query_escape(config_.filter));
    for_each_page(base, [&](const std::string& url) -> std::string {
      const JsonValue page = get(conversation, url);
      for (const JsonValue& instance : page["items"].items()) {
        if (!instance["networkInterfaces"].items().empty())
          group.targets.push_back(target(instance, config_));
      }
      const std::string next = page["nextPageToken"].text();
      return next.empty() ? "" : base + "&pageToken=" + query_escape(next);
    });
    return {group};
  }

  JsonValue get(Conversation& conversation, const std::string& url) {
    HttpRequest request = client_.request(url);
    request.headers.push_back("Authorization: Bearer " + token_.get([&] {
      return fetch_google_token(conversation, client_, google_credentials_text(),
                                endpoints_.metadata);
    }));
    const HttpResponse response = conversation.send(request);
    if (response.status == 401) token_.forget();
    if (response.status / 100 != 2) throw_unexpected_status(request, response);
    return JsonValue::parse(response.body);
  }

  const GceSdConfig config_;
  const CloudClient client_;
  const GceEndpoints endpoints_;
  CachedToken token_;
};

}  // namespace

std::unique_ptr<Discovery> make_gce_discovery(const GceSdConfig& config,
                                              const DiscoveryContext& context,
                                              const GceEndpoints& endpoints) {
  const auto mechanism = std::make_shared<GceMechanism>(config, context, endpoints);
  return make_refreshed_discovery(
      context, "gce", config.refresh_interval,
      [mechanism](Conversation& conversation) { return mechanism->ask(conversation); });
}

}  // namespace hearth
