// Every configuration in ../shared/configs: what Prometheus loads we load, what it refuses we
// refuse.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "config/load.h"
#include "core/error.h"
#include "core/file.h"

namespace {

const std::string kCorpus = std::string(HEARTH_SHARED_DIR) + "/configs";

// "" when it loads.
std::string error_of(const std::string& path) {
  try {
    hearth::load_config_file(path);
    return "";
  } catch (const hearth::Error& error) {
    return error.what();
  }
}

// Part of what Prometheus says of each bad file.
const std::map<std::string, std::string> kReasons = {
    {"azure_authentication_method.bad.yml",
     R"(unknown authentication_type "invalid". Supported types are "OAuth", "ManagedIdentity", "SDK" or "WorkloadIdentity")"},
    {"azure_bearertoken_basicauth.bad.yml",
     "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured"},
    {"azure_client_secret_missing.bad.yml", "azure SD configuration requires a client_secret"},
    {"azure_subscription_id_missing.bad.yml", "azure SD configuration requires a subscription_id"},
    {"bearertoken.bad.yml", "at most one of bearer_token & bearer_token_file must be configured"},
    {"bearertoken_basicauth.bad.yml",
     "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured"},
    {"dropequal.bad.yml",
     "relabel configuration for dropequal action requires 'target_label' value"},
    {"ec2_filters_empty_values.bad.yml", "EC2 SD configuration filter values cannot be empty"},
    {"ec2_token_file.bad.yml",
     "at most one of bearer_token & bearer_token_file must be configured"},
    {"empty_alertmanager_relabel_config.bad.yml",
     "empty or null Alertmanager target relabeling rule"},
    {"empty_metric_relabel_config.bad.yml", "empty or null metric relabeling rule"},
    {"empty_rw_config.bad.yml", "empty or null remote write config section"},
    {"empty_rw_relabel_config.bad.yml", "empty or null relabeling rule in remote write config"},
    {"empty_scrape_config_action.bad.yml", "relabel action cannot be empty"},
    {"empty_static_config.bad.yml", "empty or null section in static_configs"},
    {"eureka_invalid_server.bad.yml", "invalid eureka server URL"},
    {"eureka_no_server.bad.yml", "empty or null eureka server"},
    {"hetzner_role.bad.yml", "unknown role"},
    {"http_token_file.bad.yml",
     "at most one of bearer_token & bearer_token_file must be configured"},
    {"http_url_no_host.bad.yml", "host is missing in URL"},
    {"http_url_no_scheme.bad.yml", "URL scheme must be 'http' or 'https'"},
    {"jobname.bad.yml", "job_name is empty"},
    {"jobname_dup.bad.yml", R"(found multiple scrape configs with job name "prometheus")"},
    {"keepequal1.bad.yml",
     "keepequal action requires only 'source_labels' and `target_label`, and no other fields"},
    {"kubernetes_api_server_with_own_namespace.bad.yml",
     "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously"},
    {"kubernetes_bearertoken.bad.yml",
     "at most one of bearer_token & bearer_token_file must be configured"},
    {"kubernetes_bearertoken_basicauth.bad.yml",
     "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured"},
    {"kubernetes_http_config_without_api_server.bad.yml",
     "to use custom HTTP client configuration please provide the 'api_server' URL explicitly"},
    {"kubernetes_kubeconfig_with_apiserver.bad.yml",
     "cannot use 'kubeconfig_file' and 'api_server' simultaneously"},
    {"kubernetes_kubeconfig_with_own_namespace.bad.yml",
     "cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously"},
    {"kubernetes_role.bad.yml", "role"},
    {"kubernetes_selectors_duplicated_role.bad.yml", "duplicated selector role: pod"},
    {"kubernetes_selectors_incorrect_selector.bad.yml",
     "invalid selector: 'metadata.status-Running'; can't understand 'metadata.status-Running'"},
    {"kubernetes_selectors_node.bad.yml", "node role supports only node selectors"},
    {"kubernetes_selectors_pod.bad.yml", "pod role supports only pod selectors"},
    {"labeldrop.bad.yml", "labeldrop action requires only 'regex', and no other fields"},
    {"labeldrop3.bad.yml", "labeldrop action requires only 'regex', and no other fields"},
    {"labeldrop4.bad.yml", "labeldrop action requires only 'regex', and no other fields"},
    {"labelkeep.bad.yml", "labelkeep action requires only 'regex', and no other fields"},
    {"labelkeep2.bad.yml", "labelkeep action requires only 'regex', and no other fields"},
    {"labelkeep4.bad.yml", "labelkeep action requires only 'regex', and no other fields"},
    {"labelkeep5.bad.yml", "labelkeep action requires only 'regex', and no other fields"},
    {"labelname.bad.yml", R"("\xff" is not a valid label name)"},
    {"labelvalue.bad.yml", R"("\xff" is not a valid label value)"},
    {"lowercase.bad.yml",
     "relabel configuration for lowercase action requires 'target_label' value"},
    {"lowercase3.bad.yml", "'replacement' can not be set for lowercase action"},
    {"marathon_authtoken_authtokenfile.bad.yml",
     "marathon_sd: at most one of auth_token & auth_token_file must be configured"},
    {"marathon_authtoken_basicauth.bad.yml",
     "marathon_sd: at most one of basic_auth, auth_token & auth_token_file must be configured"},
    {"marathon_no_servers.bad.yml", "marathon_sd: must contain at least one Marathon server"},
    {"openstack_availability.bad.yml",
     "unknown availability invalid, must be one of admin, internal or public"},
    {"outscale_no_secret.bad.yml", "one of secret_key & secret_key_file must be configured"},
    {"outscale_two_secrets.bad.yml",
     "at most one of secret_key & secret_key_file must be configured"},
    {"ovhcloud_no_secret.bad.yml", "application secret can not be empty"},
    {"puppetdb_bad_url.bad.yml", "host is missing in URL"},
    {"puppetdb_no_scheme.bad.yml", "URL scheme must be 'http' or 'https'"},
    {"puppetdb_no_url.bad.yml", "URL is missing"},
    {"regex.bad.yml", "error parsing regexp"},
    {"remote_read_dup.bad.yml", R"(found multiple remote read configs with job name "queue1")"},
    {"remote_read_url_missing.bad.yml", "url for remote_read is empty"},
    {"remote_write_authorization_header.bad.yml",
     "authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, "
     "azuread or google_iam parameter"},
    {"remote_write_header.bad.yml",
     "x-prometheus-remote-write-version is a reserved header. It must not be changed"},
    {"remote_write_wrong_msg.bad.yml",
     "invalid protobuf_message value: unknown type for remote write protobuf message "
     "io.prometheus.writet.v2.Request, supported: prometheus.WriteRequest, "
     "io.prometheus.write.v2.Request"},
    {"scaleway_role.bad.yml", R"(unknown role "invalid")"},
    {"scaleway_two_secrets.bad.yml",
     "at most one of secret_key & secret_key_file must be configured"},
    {"scrape_config_files_fallback_scrape_protocol2.bad.yml", "unmarshal errors"},
    {"scrape_config_files_glob.bad.yml",
     R"(scrape_config_files_glob.bad.yml: invalid scrape config file path "scrape_configs/*/*")"},
    {"scrape_config_files_scrape_protocols.bad.yml",
     R"(scrape_protocols.bad.yml: scrape_protocols: unknown scrape protocol prometheusproto, supported: [OpenMetricsText0.0.1 OpenMetricsText1.0.0 PrometheusProto PrometheusText0.0.4 PrometheusText1.0.0] for scrape config with job name "node")"},
    {"scrape_config_files_scrape_protocols2.bad.yml",
     R"(scrape_protocols2.bad.yml: duplicated protocol in scrape_protocols, got [OpenMetricsText1.0.0 PrometheusProto OpenMetricsText1.0.0] for scrape config with job name "node")"},
    {"scrape_config_utf8_conflicting.bad.yml",
     "utf8 metric names requested but validation scheme is not set to UTF8"},
    {"scrape_interval.bad.yml", "scrape timeout greater than scrape interval"},
    {"section_key_dup.bad.yml", "field scrape_configs already set in type config.plain"},
    {"stackit_endpoint.bad.yml", "invalid endpoint"},
    {"target_label_hashmod_missing.bad.yml",
     "relabel configuration for hashmod action requires 'target_label' value"},
    {"target_label_missing.bad.yml",
     "relabel configuration for replace action requires 'target_label' value"},
    {"tracing_invalid_compression.bad.yml",
     "invalid compression type foo provided, valid options: gzip"},
    {"tracing_invalid_header.bad.yml",
     "x-prometheus-remote-write-version is a reserved header. It must not be changed"},
    {"tsdb_retention_time.bad.yml", "not a valid duration string"},
    {"unknown_attr.bad.yml", "field consult_sd_configs not found in type"},
    {"uppercase.bad.yml",
     "relabel configuration for uppercase action requires 'target_label' value"},
    {"uppercase3.bad.yml", "'replacement' can not be set for uppercase action"},
    {"uyuni_no_server.bad.yml", "Uyuni SD configuration requires server host"},
    {"uyuni_token_file.bad.yml",
     "at most one of bearer_token & bearer_token_file must be configured"},
};

// Its reason lies in a file that is not in the corpus, so nothing is wrong with what is there.
bool loads_without_its_neighbour(const std::string& name) {
  return name == "scrape_config_files_global.bad.yml";
}
// Fields that Prometheus has dropped since the version which these were generated for.
bool only_for_old_prometheus(const std::string& name) {
  return name == "RemoteWriteConfig_v2.10.0_1.yml";
}

}  // namespace

TEST_CASE("Prometheus' own good files load, and its bad ones are refused for their reason") {
  if (!hearth::is_directory(kCorpus)) {
    MESSAGE("skipped: " << kCorpus << " is not there");
    return;
  }
  size_t good = 0, bad = 0, reasons = 0;
  for (const std::string& name : hearth::list_dir(kCorpus + "/prometheus")) {
    if (!name.ends_with(".yml")) continue;
    CAPTURE(name);
    const std::string error = error_of(kCorpus + "/prometheus/" + name);
    if (name.ends_with(".good.yml") || loads_without_its_neighbour(name)) {
      CHECK(error == "");
      ++good;
    } else if (name.ends_with(".bad.yml")) {
      CHECK(error != "");
      CHECK((error.find(name + ": ") != std::string::npos ||
           error.starts_with("error loading scrape configs: ")));
      ++bad;
      const auto reason = kReasons.find(name);
      if (reason != kReasons.end()) {
        CHECK(error.find(reason->second) != std::string::npos);
        CAPTURE(error);
        ++reasons;
      }
    }
  }
  MESSAGE(good << " good files loaded, " << bad << " bad files refused, " << reasons
               << " of them with Prometheus' own words");
  CHECK(good >= 39);
  CHECK(bad >= 98);
  CHECK(reasons >= 80);
}

TEST_CASE("what the operator generates loads") {
  if (!hearth::is_directory(kCorpus)) {
    MESSAGE("skipped: " << kCorpus << " is not there");
    return;
  }
  size_t loaded = 0;
  for (const std::string& name : hearth::list_dir(kCorpus + "/operator")) {
    if (!name.ends_with(".yml") || only_for_old_prometheus(name)) continue;
    CAPTURE(name);
    CHECK(error_of(kCorpus + "/operator/" + name) == "");
    ++loaded;
  }
  MESSAGE(loaded << " files loaded");
  CHECK(loaded >= 128);
}
