#include "config/openstack_sd.h"

#include "config/to_config.h"

namespace hearth {

std::vector<OpenstackSdConfig> to_openstack_sd_configs(const Value& list) {
  std::vector<OpenstackSdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    OpenstackSdConfig& config = out.emplace_back();
    config.identity_endpoint = item["identity_endpoint"].text;
    config.username = item["username"].text;
    config.userid = item["userid"].text;
    config.password.value = item["password"].text;
    config.project_name = item["project_name"].text;
    config.project_id = item["project_id"].text;
    config.domain_name = item["domain_name"].text;
    config.domain_id = item["domain_id"].text;
    config.application_credential_name = item["application_credential_name"].text;
    config.application_credential_id = item["application_credential_id"].text;
    config.application_credential_secret.value = item["application_credential_secret"].text;
    config.role = item["role"].text;
    config.region = item["region"].text;
    config.refresh_interval = item["refresh_interval"].integer;
    config.port = item["port"].integer;
    config.all_tenants = item["all_tenants"].flag();
    config.tls_config = to_tls_config(item["tls_config"]);
    config.availability = item["availability"].text;
  }
  return out;
}

}  // namespace hearth
