// Discovery from orchestrators and service registries.
#include <set>

#include "config/discovery_checks.h"
#include "config/label_selector.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

const Type& filters_type() {
  static const Type filter =
      structure("moby.Filter", {{"name", &string_type(), "", true}, {"values", &strings_type()}});
  static const Type type = list_of(filter, "[]moby.Filter");
  return type;
}

// ---- kubernetes --------------------------------------------------------------------------------

void check_role(Value& role) {
  if (!is_one_of(role.text, {"node", "pod", "service", "endpoints", "endpointslice", "ingress"})) {
    refuse(role, "unknown Kubernetes SD role " + go_quote(role.text));
  }
}

const Type& kubernetes_role_type() {
  static const Type type = [] {
    Type t = string_type();
    t.check = check_role;
    return t;
  }();
  return type;
}

const Type& kubernetes_selectors_type() {
  static const Type selector =
      structure("kubernetes.SelectorConfig",
                {{"role", &kubernetes_role_type()}, {"label", &string_type()}, {"field", &string_type()}});
  static const Type type = list_of(selector, "[]kubernetes.SelectorConfig");
  return type;
}

// key=value, key==value, key!=value, joined by commas: what a field selector is made of.
void check_field_selector(const Value& field) {
  std::string_view rest = field.text;
  while (!rest.empty()) {
    const std::string_view term = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), term.size() + 1));
    if (term.find('=') == std::string_view::npos) {
      refuse(field, "invalid selector: '" + field.text + "'; can't understand '" +
                        std::string(term) + "'");
    }
  }
}

void check_kubernetes_selectors(const Value& kubernetes) {
  struct Allowed {
    std::string_view role, text;
    std::initializer_list<std::string_view> selectors;
  };
  static const Allowed kAllowed[] = {
      {"pod", "pod", {"pod", "node"}},
      {"service", "service", {"service"}},
      {"endpointslice", "pod, service, endpointslice", {"pod", "service", "endpointslice", "node"}},
      {"endpoints", "pod, service, endpoints", {"pod", "service", "endpoints", "node"}},
      {"node", "node", {"node"}},
      {"ingress", "ingress", {"ingress"}}};
  const std::string& role = kubernetes["role"].text;
  std::set<std::string> seen;
  for (const Value& selector : kubernetes["selectors"].items) {
    const std::string& of = selector["role"].text;
    if (!seen.insert(of).second) refuse(selector, "duplicated selector role: " + of);
    for (const Allowed& allowed : kAllowed) {
      if (allowed.role == role && !is_one_of(of, allowed.selectors)) {
        refuse(selector, role + " role supports only " + std::string(allowed.text) + " selectors");
      }
    }
    check_field_selector(selector["field"]);
    try {
      check_label_selector(selector["label"].text);
    } catch (const Error& error) {
      refuse(selector["label"], error.what());
    }
  }
}

void check_kubernetes(Value& kubernetes) {
  if (kubernetes["role"].text.empty()) {
    refuse(kubernetes,
           "role missing (one of: pod, service, endpoints, endpointslice, node, ingress)");
  }
  check_http_client(kubernetes);
  const bool api_server = !is_zero(kubernetes["api_server"]);
  const bool kubeconfig = !is_zero(kubernetes["kubeconfig_file"]);
  bool custom_http = !kubernetes["follow_redirects"].flag() || !kubernetes["enable_http2"].flag();
  for (const std::string_view field :
       {"basic_auth", "authorization", "oauth2", "tls_config", "proxy_url", "no_proxy",
        "proxy_from_environment", "http_headers"}) {
    custom_http = custom_http || !is_zero(kubernetes[field]);
  }
  custom_http = custom_http || kubernetes["proxy_url"].present || kubernetes["http_headers"].present;
  const bool own_namespace = kubernetes["namespaces"]["own_namespace"].flag();
  if (api_server && kubeconfig) {
    refuse(kubernetes, "cannot use 'kubeconfig_file' and 'api_server' simultaneously");
  }
  if (kubeconfig && custom_http) {
    refuse(kubernetes,
           "cannot use a custom HTTP client configuration together with 'kubeconfig_file'");
  }
  if (!api_server && custom_http) {
    refuse(
        kubernetes,
        "to use custom HTTP client configuration please provide the 'api_server' URL explicitly");
  }
  if (api_server && own_namespace) {
    refuse(kubernetes, "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously");
  }
  if (kubeconfig && own_namespace) {
    refuse(kubernetes,
           "cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously");
  }
  check_kubernetes_selectors(kubernetes);
}

const Type& kubernetes_type() {
  static const Type namespaces =
      structure("kubernetes.plain",
                {{"own_namespace", &bool_type(), "", true}, {"names", &strings_type(), "", true}});
  static const Type attach =
      structure("kubernetes.AttachMetadataConfig", {{"node", &bool_type(), "", true},
                                                    {"namespace", &bool_type()},
                                                    {"deployment", &bool_type()},
                                                    {"job", &bool_type()},
                                                    {"cronjob", &bool_type()}});
  static const Type kubernetes =
      optional_structure("kubernetes.plain",
                         std::vector<Field>{{"api_server", &url_type()},
                                            {"role", &kubernetes_role_type(), "", true},
                                            {"kubeconfig_file", &path_type(), "", true}} +
                             http_client_fields() +
                             std::vector<Field>{{"namespaces", &namespaces},
                                                {"selectors", &kubernetes_selectors_type()},
                                                {"attach_metadata", &attach}},
                         check_kubernetes);
  static const Type type = discovery_list(kubernetes, "kubernetes");
  return type;
}

// ---- containers --------------------------------------------------------------------------------

void check_docker(Value& docker) {
  require(docker, "host", "host missing");
  parse_url(docker["host"].text);
  check_http_client(docker);
}

const Type& docker_type() {
  static const Type docker = optional_structure(
      "moby.plain",
      http_client_fields() +
          std::vector<Field>{{"host", &string_type(), "", true},
                             {"port", &int_type(), "80", true},
                             {"filters", &filters_type(), "", true},
                             {"host_networking_host", &string_type(), "localhost", true},
                             {"refresh_interval", &duration_type(), "1m", true},
                             {"match_first_network", &bool_type(), "true", true}},
      check_docker);
  static const Type type = list_of(docker, "[]*moby.DockerSDConfig");
  return type;
}

void check_dockerswarm(Value& swarm) {
  check_docker(swarm);
  const std::string& role = swarm["role"].text;
  if (role.empty()) refuse(swarm, "role missing (one of: tasks, services, nodes)");
  if (!is_one_of(role, {"tasks", "services", "nodes"})) {
    refuse(swarm["role"], "invalid role " + role + ", expected tasks, services, or nodes");
  }
}

const Type& dockerswarm_type() {
  static const Type swarm = optional_structure(
      "moby.plain",
      http_client_fields() + std::vector<Field>{{"host", &string_type(), "", true},
                                                {"role", &string_type(), "", true},
                                                {"port", &int_type(), "80", true},
                                                {"filters", &filters_type(), "", true},
                                                {"refresh_interval", &duration_type(), "1m", true}},
      check_dockerswarm);
  static const Type type = list_of(swarm, "[]*moby.DockerSwarmSDConfig");
  return type;
}

void check_nomad(Value& nomad) {
  if (nomad["server"].text.find_first_not_of(" \t") == std::string::npos) {
    refuse(nomad, "nomad SD configuration requires a server address");
  }
  check_http_client(nomad);
}

const Type& nomad_type() {
  static const Type nomad = optional_structure(
      "nomad.plain",
      std::vector<Field>{{"allow_stale", &bool_type(), "true", true}} + http_client_fields() +
          std::vector<Field>{{"namespace", &string_type(), "default", true},
                             {"refresh_interval", &duration_type(), "1m", true},
                             {"region", &string_type(), "global", true},
                             {"server", &string_type(), "http://localhost:4646", true},
                             {"tag_separator", &string_type(), ",", true}},
      check_nomad);
  static const Type type = discovery_list(nomad, "nomad");
  return type;
}

// ---- registries --------------------------------------------------------------------------------

void check_consul(Value& consul) {
  if (consul["server"].text.find_first_not_of(" \t") == std::string::npos) {
    refuse(consul, "consul SD configuration requires a server address");
  }
  const bool user = !is_zero(consul["username"]) || !is_zero(consul["password"]);
  if (user && !is_zero(consul["basic_auth"])) {
    refuse(consul,
           "at most one of consul SD configuration username and password and basic auth can be "
           "configured");
  }
  if (!is_zero(consul["token"]) &&
      (!is_zero(consul["authorization"]) || !is_zero(consul["oauth2"]))) {
    refuse(consul, "at most one of consul SD token, authorization, or oauth2 can be configured");
  }
  check_http_client(consul);
}

const Type& consul_type() {
  static const Type consul =
      optional_structure("consul.plain",
                         std::vector<Field>{{"server", &string_type(), "localhost:8500"},
                                            {"path_prefix", &string_type()},
                                            {"token", &secret_type()},
                                            {"datacenter", &string_type()},
                                            {"namespace", &string_type()},
                                            {"partition", &string_type()},
                                            {"tag_separator", &string_type(), ","},
                                            {"scheme", &string_type(), "http"},
                                            {"username", &string_type()},
                                            {"password", &secret_type()},
                                            {"allow_stale", &bool_type(), "true", true},
                                            {"refresh_interval", &duration_type(), "30s"},
                                            {"services", &strings_type()},
                                            {"tags", &strings_type()},
                                            {"node_meta", &string_map_type()},
                                            {"filter", &string_type()},
                                            {"health_filter", &string_type()}} +
                             http_client_fields(),
                         check_consul);
  static const Type type = discovery_list(consul, "consul");
  return type;
}

void check_eureka(Value& eureka) {
  require(eureka, "server", "eureka_sd: empty or null eureka server");
  if (parse_url(eureka["server"].text).host.empty()) {
    refuse(eureka["server"], "eureka_sd: invalid eureka server URL");
  }
  check_http_client(eureka);
}

const Type& eureka_type() {
  static const Type eureka =
      optional_structure("eureka.plain",
                         std::vector<Field>{{"server", &string_type()}} + http_client_fields() +
                             std::vector<Field>{{"refresh_interval", &duration_type(), "30s"}},
                         check_eureka);
  static const Type type = discovery_list(eureka, "eureka");
  return type;
}

void check_kuma(Value& kuma) {
  require(kuma, "server", "kuma SD server must not be empty");
  parse_url(kuma["server"].text);
  check_http_client(kuma);
}

const Type& kuma_type() {
  static const Type kuma = optional_structure(
      "xds.plainKumaConf",
      http_client_fields() + std::vector<Field>{{"refresh_interval", &duration_type(), "30s"},
                                                {"fetch_timeout", &duration_type(), "2m"},
                                                {"server", &string_type()},
                                                {"client_id", &string_type()}},
      check_kuma);
  static const Type type = list_of(kuma, "[]*xds.KumaSDConfig");
  return type;
}

void check_marathon(Value& marathon) {
  const auto given = [&](std::string_view field) { return !is_zero(marathon[field]); };
  if (marathon["servers"].items.empty()) {
    refuse(marathon, "marathon_sd: must contain at least one Marathon server");
  }
  const bool token = given("auth_token") || given("auth_token_file");
  if (given("auth_token") && given("auth_token_file")) {
    refuse(marathon, "marathon_sd: at most one of auth_token & auth_token_file must be configured");
  }
  if (token && given("basic_auth")) {
    refuse(
        marathon,
        "marathon_sd: at most one of basic_auth, auth_token & auth_token_file must be configured");
  }
  if (token && (given("bearer_token") || given("bearer_token_file"))) {
    refuse(marathon,
           "marathon_sd: at most one of bearer_token, bearer_token_file, auth_token & "
           "auth_token_file must be configured");
  }
  if (token && given("authorization")) {
    refuse(marathon,
           "marathon_sd: at most one of auth_token, auth_token_file & authorization must be "
           "configured");
  }
  check_http_client(marathon);
}

const Type& marathon_type() {
  static const Type marathon =
      optional_structure("marathon.plain",
                         std::vector<Field>{{"servers", &strings_type()},
                                            {"refresh_interval", &duration_type(), "30s"},
                                            {"auth_token", &secret_type()},
                                            {"auth_token_file", &path_type()}} +
                             http_client_fields(),
                         check_marathon);
  static const Type type = discovery_list(marathon, "marathon");
  return type;
}

void check_zookeeper(const Value& value, const std::string& name) {
  if (value["servers"].items.empty()) {
    refuse(value, name + " SD config must contain at least one Zookeeper server");
  }
  if (value["paths"].items.empty()) {
    refuse(value, name + " SD config must contain at least one path");
  }
  for (const Value& path : value["paths"].items) {
    if (!path.text.starts_with('/')) {
      refuse(path, name + " SD config paths must begin with '/': " + path.text);
    }
  }
}
void check_nerve(Value& value) { check_zookeeper(value, "nerve"); }
void check_serverset(Value& value) { check_zookeeper(value, "serverset"); }

std::vector<Field> zookeeper_fields() {
  return {{"servers", &strings_type(), "", true},
          {"paths", &strings_type(), "", true},
          {"timeout", &duration_type(), "10s"}};
}

const Type& nerve_type() {
  static const Type nerve = optional_structure("zookeeper.plain", zookeeper_fields(), check_nerve);
  static const Type type = list_of(nerve, "[]*zookeeper.NerveSDConfig");
  return type;
}

const Type& serverset_type() {
  static const Type serverset =
      optional_structure("zookeeper.plain", zookeeper_fields(), check_serverset);
  static const Type type = list_of(serverset, "[]*zookeeper.ServersetSDConfig");
  return type;
}

void check_puppetdb(Value& puppet) {
  require_web_url(puppet, "url");
  require(puppet, "query", "query missing");
  check_http_client(puppet);
}

const Type& puppetdb_type() {
  static const Type puppet = optional_structure(
      "puppetdb.plain",
      http_client_fields() + std::vector<Field>{{"refresh_interval", &duration_type(), "1m"},
                                                {"url", &string_type(), "", true},
                                                {"query", &string_type(), "", true},
                                                {"include_parameters", &bool_type(), "", true},
                                                {"port", &int_type(), "80", true}},
      check_puppetdb);
  static const Type type = discovery_list(puppet, "puppetdb");
  return type;
}

void check_uyuni(Value& uyuni) {
  require(uyuni, "server", "Uyuni SD configuration requires server host");
  parse_url(uyuni["server"].text);
  require(uyuni, "username", "Uyuni SD configuration requires a username");
  require(uyuni, "password", "Uyuni SD configuration requires a password");
  check_http_client(uyuni);
}

const Type& uyuni_type() {
  static const Type uyuni = optional_structure(
      "uyuni.plain",
      std::vector<Field>{{"server", &url_type(), "", true},
                         {"username", &string_type(), "", true},
                         {"password", &secret_type(), "", true}} +
          http_client_fields() +
          std::vector<Field>{{"entitlement", &string_type(), "monitoring_entitled"},
                             {"separator", &string_type(), ","},
                             {"refresh_interval", &duration_type(), "1m"}},
      check_uyuni);
  static const Type type = discovery_list(uyuni, "uyuni");
  return type;
}

}  // namespace

std::vector<Field> cluster_discovery_fields() {
  return {{"kubernetes_sd_configs", &kubernetes_type()},
          {"docker_sd_configs", &docker_type()},
          {"dockerswarm_sd_configs", &dockerswarm_type()},
          {"nomad_sd_configs", &nomad_type()},
          {"consul_sd_configs", &consul_type()},
          {"eureka_sd_configs", &eureka_type()},
          {"kuma_sd_configs", &kuma_type()},
          {"marathon_sd_configs", &marathon_type()},
          {"nerve_sd_configs", &nerve_type()},
          {"serverset_sd_configs", &serverset_type()},
          {"puppetdb_sd_configs", &puppetdb_type()},
          {"uyuni_sd_configs", &uyuni_type()}};
}

}  // namespace hearth
