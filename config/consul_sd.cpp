#include "config/consul_sd.h"

#include "config/to_config.h"

namespace hearth {

std::vector<ConsulSdConfig> to_consul_sd_configs(const Value& list) {
  std::vector<ConsulSdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    ConsulSdConfig& config = out.emplace_back();
    config.server = item["server"].text;
    config.scheme = item["scheme"].text;
    config.path_prefix = item["path_prefix"].text;
    config.token.value = item["token"].text;
    config.datacenter = item["datacenter"].text;
    config.namespace_name = item["namespace"].text;
    config.partition = item["partition"].text;
    config.tag_separator = item["tag_separator"].text;
    config.allow_stale = item["allow_stale"].flag();
    config.refresh_interval = item["refresh_interval"].integer;
    config.services = item["services"].strings();
    config.tags = item["tags"].strings();
    const Value& meta = item["node_meta"];
    for (size_t i = 0; i < meta.items.size(); ++i)
      config.node_meta[meta.keys[i]] = meta.items[i].text;
    config.filter = item["filter"].text;
    config.health_filter = item["health_filter"].text;
    config.http_client = to_http_client_config(item);
    if (!is_zero(item["username"]) || !is_zero(item["password"])) {
      config.http_client.basic_auth.emplace();
      config.http_client.basic_auth->username = item["username"].text;
      config.http_client.basic_auth->password.value = item["password"].text;
    }
  }
  return out;
}

}  // namespace hearth
