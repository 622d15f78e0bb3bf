#include "scraper/discovery/consul_group.h"

#include "core/error.h"
#include "scraper/discovery/json_value.h"
#include "scraper/discovery/meta_labels.h"

namespace hearth {
namespace {

// The worst of all checks.
std::string aggregated_health(const JsonValue& checks) {
  bool maintenance = false, critical = false, warning = false;
  for (const JsonValue& check : checks.items()) {
    const std::string id = check["CheckID"].text(), status = check["Status"].text();
    if (id == "_node_maintenance" || id.starts_with("_service_maintenance:")) {
      maintenance = true;
    } else if (status == "critical") {
      critical = true;
    } else if (status == "warning") {
      warning = true;
    } else if (status != "passing") {
      return "";
    }
  }
  if (maintenance) return "maintenance";
  if (critical) return "critical";
  return warning ? "warning" : "passing";
}

void add_all(const JsonValue& map, const char* prefix, LabelPairs& labels) {
  for (const auto& [name, value] : map.members()) {
    labels.emplace_back(prefix + sanitize_label_name(name), value.text());
  }
}

Labels target(const JsonValue& instance, const std::string& tag_separator) {
  const JsonValue node = instance["Node"], service = instance["Service"];
  const std::string address = service["Address"].text(), node_address = node["Address"].text();
  const int64_t port = service["Port"].integer();
  LabelPairs labels = {
      {"__address__", join_host_port(address.empty() ? node_address : address, port)},
      {"__meta_consul_address", node_address},
      {"__meta_consul_node", node["Node"].text()},
      {"__meta_consul_namespace", service["Namespace"].text()},
      {"__meta_consul_partition", service["Partition"].text()},
      {"__meta_consul_tags", surrounded_list(service["Tags"].texts(), tag_separator)},
      {"__meta_consul_service_address", address},
      {"__meta_consul_service_port", std::to_string(port)},
      {"__meta_consul_service_id", service["ID"].text()},
      {"__meta_consul_health", aggregated_health(instance["Checks"])}};
  add_all(node["Meta"], "__meta_consul_metadata_", labels);
  add_all(service["Meta"], "__meta_consul_service_metadata_", labels);
  add_all(node["TaggedAddresses"], "__meta_consul_tagged_address_", labels);
  return Labels::from_pairs(std::move(labels));
}

}  // namespace

std::vector<ConsulService> parse_consul_services(std::string_view answer) {
  std::vector<ConsulService> services;
  for (const auto& [name, tags] : JsonValue::parse(answer).members())
    services.push_back({name, tags.texts()});
  return services;
}

std::string parse_consul_datacenter(std::string_view answer) {
  const JsonValue datacenter = JsonValue::parse(answer)["Config"]["Datacenter"];
  if (datacenter.is_null())
    throw Error(ErrorKind::kBadData, "invalid value '<nil>' for Config.Datacenter");
  return datacenter.text();
}

TargetGroup consul_group(std::string_view answer, const std::string& service,
                         const std::string& datacenter, const std::string& tag_separator) {
  TargetGroup group;
  group.source = service;
  group.labels = Labels{{"__meta_consul_service", service}, {"__meta_consul_dc", datacenter}};
  for (const JsonValue& instance : JsonValue::parse(answer).items()) {
    group.targets.push_back(target(instance, tag_separator));
  }
  return group;
}

}  // namespace hearth
