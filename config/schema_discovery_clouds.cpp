// Discovery of the machines of a provider.
#include "config/discovery_checks.h"
#include "core/go_text.h"

namespace hearth {
namespace {

Field port(std::string_view fallback = "80") { return {"port", &int_type(), fallback, true}; }
Field refresh(std::string_view fallback = "1m") {
  return {"refresh_interval", &duration_type(), fallback};
}
Field refresh_always_printed(std::string_view fallback = "1m") {
  return {"refresh_interval", &duration_type(), fallback, true};
}

// ---- aws ---------------------------------------------------------------------------------------

const Type& ec2_filters_type() {
  static const Type filter = structure(
      "aws.EC2Filter", {{"name", &string_type(), "", true}, {"values", &strings_type(), "", true}});
  static const Type type = list_of(filter, "[]*aws.EC2Filter");
  return type;
}

std::vector<Field> aws_fields() {
  return {{"endpoint", &string_type(), "", true},
          {"region", &string_type(), "", true},
          {"access_key", &string_type()},
          {"secret_key", &secret_type()},
          {"profile", &string_type()},
          {"role_arn", &string_type()},
          {"external_id", &string_type()},
          refresh(),
          port()};
}

void check_ec2(Value& ec2) {
  for (const Value& filter : ec2["filters"].items) {
    if (filter["values"].items.empty()) {
      refuse(filter, "EC2 SD configuration filter values cannot be empty");
    }
  }
  check_http_client(ec2);
}

const Type& ec2_type() {
  static const Type ec2 = optional_structure(
      "aws.plain",
      aws_fields() + std::vector<Field>{{"filters", &ec2_filters_type(), "", true}} +
          http_client_fields(),
      check_ec2);
  static const Type type = list_of(ec2, "[]*aws.EC2SDConfig");
  return type;
}

const Type& lightsail_type() {
  static const Type lightsail =
      optional_structure("aws.plain", aws_fields() + http_client_fields(), check_http_client);
  static const Type type = list_of(lightsail, "[]*aws.LightsailSDConfig");
  return type;
}

void check_aws(Value& aws) {
  if (!is_one_of(aws["role"].text, {"ec2", "ecs", "elasticache", "lightsail", "msk", "rds"})) {
    refuse(aws["role"], "unknown AWS SD role " + go_quote(aws["role"].text));
  }
  check_ec2(aws);
}

const Type& aws_type() {
  static const Type aws =
      optional_structure("aws.plain",
                         std::vector<Field>{{"role", &string_type(), "", true}} + aws_fields() +
                             std::vector<Field>{{"filters", &ec2_filters_type()},
                                                {"clusters", &strings_type()},
                                                {"request_concurrency", &int_type()}} +
                             http_client_fields(),
                         check_aws);
  static const Type type = discovery_list(aws, "aws");
  return type;
}

// ---- azure, gce, openstack ---------------------------------------------------------------------

void check_azure(Value& azure) {
  const std::string& method = azure["authentication_method"].text;
  const auto needs = [&](std::string_view field) {
    require(azure, field, "azure SD configuration requires a " + std::string(field));
  };
  needs("subscription_id");
  if (method == "OAuth") {
    needs("tenant_id");
    needs("client_id");
    needs("client_secret");
  }
  if (!is_one_of(method, {"OAuth", "ManagedIdentity", "SDK", "WorkloadIdentity"})) {
    refuse(azure["authentication_method"],
           "unknown authentication_type " + go_quote(method) +
               R"(. Supported types are "OAuth", "ManagedIdentity", "SDK" or "WorkloadIdentity")");
  }
  check_http_client(azure);
}

const Type& azure_type() {
  static const Type azure =
      optional_structure("azure.plain",
                         std::vector<Field>{{"environment", &string_type(), "AzurePublicCloud"},
                                            port(),
                                            {"subscription_id", &string_type(), "", true},
                                            {"tenant_id", &string_type()},
                                            {"client_id", &string_type()},
                                            {"client_secret", &secret_type()},
                                            refresh("5m"),
                                            {"authentication_method", &string_type(), "OAuth"},
                                            {"resource_group", &string_type()}} +
                             http_client_fields(),
                         check_azure);
  static const Type type = discovery_list(azure, "azure");
  return type;
}

void check_gce(Value& gce) {
  require(gce, "project", "GCE SD configuration requires a project");
  require(gce, "zone", "GCE SD configuration requires a zone");
}

const Type& gce_type() {
  static const Type gce = optional_structure("gce.plain",
                                             {{"project", &string_type(), "", true},
                                              {"zone", &string_type(), "", true},
                                              {"filter", &string_type()},
                                              refresh(),
                                              port(),
                                              {"tag_separator", &string_type(), ","}},
                                             check_gce);
  static const Type type = discovery_list(gce, "gce");
  return type;
}

void check_openstack(Value& openstack) {
  const Value& availability = openstack["availability"];
  if (!is_one_of(availability.text, {"public", "internal", "admin"})) {
    refuse(availability, "unknown availability " + availability.text +
                             ", must be one of admin, internal or public");
  }
  const std::string& role = openstack["role"].text;
  if (role.empty()) refuse(openstack, "role missing (one of: instance, hypervisor, loadbalancer)");
  if (!is_one_of(role, {"instance", "hypervisor", "loadbalancer"})) {
    refuse(openstack["role"], "unknown OpenStack SD role " + go_quote(role));
  }
  require(openstack, "region", "openstack SD configuration requires a region");
}

const Type& openstack_type() {
  static const Type openstack =
      optional_structure("openstack.plain",
                         {{"identity_endpoint", &string_type(), "", true},
                          {"username", &string_type(), "", true},
                          {"userid", &string_type(), "", true},
                          {"password", &secret_type(), "", true},
                          {"project_name", &string_type(), "", true},
                          {"project_id", &string_type(), "", true},
                          {"domain_name", &string_type(), "", true},
                          {"domain_id", &string_type(), "", true},
                          {"application_credential_name", &string_type()},
                          {"application_credential_id", &string_type()},
                          {"application_credential_secret", &secret_type()},
                          {"role", &string_type(), "", true},
                          {"region", &string_type(), "", true},
                          refresh_always_printed(),
                          port(),
                          {"all_tenants", &bool_type()},
                          {"tls_config", &tls_config_type()},
                          {"availability", &string_type(), "public"}},
                         check_openstack);
  static const Type type = discovery_list(openstack, "openstack");
  return type;
}

// ---- providers with a token --------------------------------------------------------------------

const Type& digitalocean_type() {
  static const Type machine = optional_structure(
      "digitalocean.plain", http_client_fields() + std::vector<Field>{refresh_always_printed(), port()},
      check_http_client);
  static const Type type = discovery_list(machine, "digitalocean");
  return type;
}

const Type& vultr_type() {
  static const Type machine = optional_structure(
      "vultr.plain", http_client_fields() + std::vector<Field>{refresh_always_printed(), port()},
      check_http_client);
  static const Type type = discovery_list(machine, "vultr");
  return type;
}

const Type& linode_type() {
  static const Type machine = optional_structure(
      "linode.plain",
      http_client_fields() + std::vector<Field>{refresh_always_printed(),
                                                port(),
                                                {"tag_separator", &string_type(), ","},
                                                {"region", &string_type()}},
      check_http_client);
  static const Type type = discovery_list(machine, "linode");
  return type;
}

void check_hetzner(Value& hetzner) {
  const std::string& role = hetzner["role"].text;
  if (role.empty() && !hetzner["role"].present) refuse(hetzner, "role missing (one of: robot, hcloud)");
  if (!is_one_of(role, {"robot", "hcloud"})) {
    refuse(hetzner["role"], "unknown role " + go_quote(role));
  }
  check_http_client(hetzner);
}

const Type& hetzner_type() {
  static const Type machine = optional_structure(
      "hetzner.plain",
      http_client_fields() + std::vector<Field>{refresh_always_printed(),
                                                port(),
                                                {"role", &string_type(), "", true},
                                                {"label_selector", &string_type()}},
      check_hetzner);
  static const Type type = discovery_list(machine, "hetzner");
  return type;
}

void check_ionos(Value& ionos) {
  require(ionos, "datacenter_id", "datacenter id can't be empty");
  check_http_client(ionos);
}

const Type& ionos_type() {
  static const Type machine =
      optional_structure("ionos.plain",
                         std::vector<Field>{{"datacenter_id", &string_type(), "", true}} +
                             http_client_fields() + std::vector<Field>{refresh_always_printed(), port()},
                         check_ionos);
  static const Type type = discovery_list(machine, "ionos");
  return type;
}

void check_stackit(Value& stackit) {
  const Value& endpoint = stackit["endpoint"];
  try {
    parse_url(endpoint.text);
  } catch (const std::exception& error) {
    refuse(endpoint, std::string("invalid endpoint: ") + error.what());
  }
  check_http_client(stackit);
}

const Type& stackit_type() {
  static const Type machine = optional_structure(
      "stackit.plain",
      http_client_fields() + std::vector<Field>{{"project", &string_type(), "", true},
                                                {"region", &string_type(), "eu01"},
                                                {"endpoint", &string_type()},
                                                refresh(),
                                                port(),
                                                {"service_account_key", &secret_type()},
                                                {"service_account_key_path", &path_type()},
                                                {"private_key", &secret_type()},
                                                {"private_key_path", &path_type()},
                                                {"credentials_file_path", &path_type()}},
      check_stackit);
  static const Type type = discovery_list(machine, "stackit");
  return type;
}

void check_scaleway(Value& scaleway) {
  const std::string& role = scaleway["role"].text;
  if (role.empty() && !scaleway["role"].present) {
    refuse(scaleway, "role missing (one of: instance, baremetal)");
  }
  if (!is_one_of(role, {"instance", "baremetal"})) {
    refuse(scaleway["role"], "unknown role " + go_quote(role));
  }
  require(scaleway, "project_id", "project_id is mandatory");
  const bool key = !is_zero(scaleway["secret_key"]), file = !is_zero(scaleway["secret_key_file"]);
  if (!key && !file) refuse(scaleway, "one of secret_key & secret_key_file must be configured");
  if (key && file)
    refuse(scaleway, "at most one of secret_key & secret_key_file must be configured");
  require(scaleway, "access_key", "access_key is mandatory");
  check_http_client(scaleway);
}

const Type& scaleway_type() {
  static const Type machine = optional_structure(
      "scaleway.plain",
      std::vector<Field>{{"project_id", &string_type(), "", true},
                         {"api_url", &string_type(), "https://api.scaleway.com"},
                         {"zone", &string_type(), "fr-par-1", true},
                         {"access_key", &string_type(), "", true},
                         {"secret_key", &secret_type()},
                         {"secret_key_file", &path_type(), "", true},
                         {"name_filter", &string_type()},
                         {"tags_filter", &strings_type()}} +
          http_client_fields() +
          std::vector<Field>{refresh_always_printed(), port(), {"role", &string_type(), "", true}},
      check_scaleway);
  static const Type type = discovery_list(machine, "scaleway");
  return type;
}

void check_outscale(Value& outscale) {
  require(outscale, "access_key", "access_key is mandatory");
  const bool key = !is_zero(outscale["secret_key"]), file = !is_zero(outscale["secret_key_file"]);
  if (!key && !file) refuse(outscale, "one of secret_key & secret_key_file must be configured");
  if (key && file)
    refuse(outscale, "at most one of secret_key & secret_key_file must be configured");
  check_http_client(outscale);
}

const Type& outscale_type() {
  static const Type machine =
      optional_structure("outscale.plain",
                         std::vector<Field>{{"region", &string_type(), "", true},
                                            {"endpoint", &string_type()},
                                            {"access_key", &string_type(), "", true},
                                            {"secret_key", &secret_type()},
                                            {"secret_key_file", &path_type()}} +
                             http_client_fields() + std::vector<Field>{refresh(), port()},
                         check_outscale);
  static const Type type = discovery_list(machine, "outscale");
  return type;
}

void check_oci(Value& oci) {
  const std::string& method = oci["auth"].text;
  if (!is_one_of(method, {"user_principal", "instance_principal", "workload_identity"})) {
    refuse(oci["auth"], "unknown OCI authentication method " + go_quote(method));
  }
  check_http_client(oci);
}

const Type& oci_type() {
  static const Type machine =
      optional_structure("oci.plain",
                         std::vector<Field>{{"auth", &string_type(), "user_principal"},
                                            {"region", &string_type(), "", true},
                                            {"tenancy", &string_type()},
                                            {"user", &string_type()},
                                            {"fingerprint", &string_type()},
                                            {"key_file", &path_type()},
                                            {"key_passphrase", &secret_type()},
                                            {"compartments", &strings_type()}} +
                             http_client_fields() + std::vector<Field>{port(), refresh()},
                         check_oci);
  static const Type type = discovery_list(machine, "oci");
  return type;
}

void check_ovhcloud(Value& ovh) {
  require(ovh, "endpoint", "endpoint can not be empty");
  require(ovh, "application_key", "application key can not be empty");
  require(ovh, "application_secret", "application secret can not be empty");
  require(ovh, "consumer_key", "consumer key can not be empty");
  const std::string& service = ovh["service"].text;
  if (!is_one_of(service, {"vps", "dedicated_server"})) {
    refuse(ovh["service"], "unknown service: " + service);
  }
}

const Type& ovhcloud_type() {
  static const Type machine = optional_structure("ovhcloud.plain",
                                                 {{"endpoint", &string_type(), "ovh-eu", true},
                                                  {"application_key", &string_type(), "", true},
                                                  {"application_secret", &secret_type(), "", true},
                                                  {"consumer_key", &secret_type(), "", true},
                                                  refresh_always_printed(),
                                                  {"service", &string_type(), "", true}},
                                                 check_ovhcloud);
  static const Type type = discovery_list(machine, "ovhcloud");
  return type;
}

void check_triton(Value& triton) {
  const std::string& role = triton["role"].text;
  if (!is_one_of(role, {"container", "cn"})) {
    refuse(triton["role"], "triton SD configuration requires role to be 'container' or 'cn'");
  }
  require(triton, "account", "triton SD configuration requires an account");
  require(triton, "dns_suffix", "triton SD configuration requires a dns_suffix");
  require(triton, "endpoint", "triton SD configuration requires an endpoint");
  if (triton["refresh_interval"].integer <= 0) {
    refuse(triton, "triton SD configuration requires RefreshInterval to be a positive integer");
  }
}

const Type& triton_type() {
  static const Type machine = optional_structure("triton.plain",
                                                 {{"account", &string_type(), "", true},
                                                  {"role", &string_type(), "container", true},
                                                  {"dns_suffix", &string_type(), "", true},
                                                  {"endpoint", &string_type(), "", true},
                                                  {"groups", &strings_type()},
                                                  port("9163"),
                                                  refresh(),
                                                  {"tls_config", &tls_config_type()},
                                                  {"version", &int_type(), "1", true}},
                                                 check_triton);
  static const Type type = discovery_list(machine, "triton");
  return type;
}

}  // namespace

std::vector<Field> cloud_discovery_fields() {
  return {{"ec2_sd_configs", &ec2_type()},
          {"lightsail_sd_configs", &lightsail_type()},
          {"aws_sd_configs", &aws_type()},
          {"azure_sd_configs", &azure_type()},
          {"gce_sd_configs", &gce_type()},
          {"openstack_sd_configs", &openstack_type()},
          {"digitalocean_sd_configs", &digitalocean_type()},
          {"vultr_sd_configs", &vultr_type()},
          {"linode_sd_configs", &linode_type()},
          {"hetzner_sd_configs", &hetzner_type()},
          {"ionos_sd_configs", &ionos_type()},
          {"stackit_sd_configs", &stackit_type()},
          {"scaleway_sd_configs", &scaleway_type()},
          {"outscale_sd_configs", &outscale_type()},
          {"oci_sd_configs", &oci_type()},
          {"ovhcloud_sd_configs", &ovhcloud_type()},
          {"triton_sd_configs", &triton_type()}};
}

}  // namespace hearth
