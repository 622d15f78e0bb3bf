// The sections that talk to others: remote_write, remote_read, tracing, otlp.
#include <algorithm>
#include <array>
#include <set>

#include "config/relabel_rules.h"
#include "config/schema.h"
#include "core/go_text.h"

namespace hearth {
namespace {

constexpr std::array<std::string_view, 16> kReservedHeaders = {"host",
                                                               "content-encoding",
                                                               "content-length",
                                                               "content-type",
                                                               "user-agent",
                                                               "connection",
                                                               "keep-alive",
                                                               "proxy-authenticate",
                                                               "proxy-authorization",
                                                               "www-authenticate",
                                                               "accept-encoding",
                                                               "x-prometheus-remote-write-version",
                                                               "x-prometheus-remote-read-version",
                                                               "x-amz-date",
                                                               "x-amz-security-token",
                                                               "x-amz-content-sha256"};

void check_headers(const Value& headers, const std::string& authorization_text) {
  for (const std::string& header : headers.keys) {
    std::string lower = header;
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    if (lower == "authorization") refuse(headers, authorization_text);
    if (std::find(kReservedHeaders.begin(), kReservedHeaders.end(), lower) !=
        kReservedHeaders.end()) {
      refuse(headers, header + " is a reserved header. It must not be changed");
    }
  }
}
constexpr char kAuthorizationElsewhere[] =
    "authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, "
    "azuread "
    "or google_iam parameter";

const Type& azuread_type() {
  static const Type managed =
      optional_structure("azuread.ManagedIdentityConfig", {{"client_id", &string_type()}});
  static const Type oauth =
      optional_structure("azuread.OAuthConfig", {{"client_id", &string_type()},
                                                 {"client_secret", &secret_type()},
                                                 {"tenant_id", &string_type()}});
  static const Type sdk = optional_structure("azuread.SDKConfig", {{"tenant_id", &string_type()}});
  static const Type workload =
      optional_structure("azuread.WorkloadIdentityConfig", {{"client_id", &string_type()},
                                                            {"tenant_id", &string_type()},
                                                            {"token_file_path", &string_type()}});
  static const Type type =
      optional_structure("azuread.plain", {{"managed_identity", &managed},
                                           {"oauth", &oauth},
                                           {"sdk", &sdk},
                                           {"workload_identity", &workload},
                                           {"cloud", &string_type(), "AzurePublic"},
                                           {"scope", &string_type()}});
  return type;
}

const Type& google_iam_type() {
  static const Type type =
      optional_structure("googleiam.Config", {{"credentials_file", &path_type()}});
  return type;
}

void check_queue(Value& queue) {
  for (const std::string_view field :
       {"capacity", "max_shards", "min_shards", "max_samples_per_send"}) {
    if (queue[field].integer <= 0) {
      refuse(queue[field],
             "remote write queue_config " + std::string(field) + " must be greater than 0");
    }
  }
}

const Type& queue_type() {
  static const Type type = structure("config.QueueConfig",
                                     {{"capacity", &int_type(), "10000"},
                                      {"max_shards", &int_type(), "50"},
                                      {"min_shards", &int_type(), "1"},
                                      {"max_samples_per_send", &int_type(), "2000"},
                                      {"batch_send_deadline", &duration_type(), "5s"},
                                      {"min_backoff", &duration_type(), "30ms"},
                                      {"max_backoff", &duration_type(), "5s"},
                                      {"retry_on_http_429", &bool_type()},
                                      {"sample_age_limit", &duration_type()}},
                                     check_queue);
  return type;
}

const Type& metadata_type() {
  static const Type type =
      structure("config.MetadataConfig", {{"send", &bool_type(), "true", true},
                                          {"send_interval", &duration_type(), "1m", true},
                                          {"max_samples_per_send", &int_type(), "2000"}});
  return type;
}

void check_remote_write(Value& remote) {
  if (!remote["url"].present) {
    refuse(remote, "url for remote_write is empty");
  }
  refuse_empty_rules(remote["write_relabel_configs"],
                     "empty or null relabeling rule in remote write config");
  check_headers(remote["headers"], kAuthorizationElsewhere);
  const std::string& message = remote["protobuf_message"].text;
  if (message != "prometheus.WriteRequest" && message != "io.prometheus.write.v2.Request") {
    refuse(remote["protobuf_message"],
           "invalid protobuf_message value: unknown type for remote write protobuf message " +
               message + ", supported: prometheus.WriteRequest, io.prometheus.write.v2.Request");
  }
  check_http_client(remote);
  std::string configured;
  size_t count = 0;
  for (const std::string_view way :
       {"basic_auth", "authorization", "oauth2", "sigv4", "azuread", "google_iam"}) {
    if (is_zero(remote[way])) continue;
    configured += (count++ > 0 ? " " : "") + std::string(way);
  }
  if (count > 1) {
    refuse(remote,
           "at most one of basic_auth, authorization, oauth2, sigv4, azuread or google_iam must be "
           "configured. Currently configured: [" +
               configured + "]");
  }
}

void check_remote_read(Value& remote) {
  if (!remote["url"].present) {
    refuse(remote, "url for remote_read is empty");
  }
  check_headers(remote["headers"], kAuthorizationElsewhere);
  check_http_client(remote);
}

void check_tracing(Value& tracing) {
  const std::string& client = tracing["client_type"].text;
  if (tracing["client_type"].present && client != "http" && client != "grpc") {
    refuse(tracing["client_type"],
           "expected tracing client type to be to be http or grpc, but got " + client);
  }
  check_headers(tracing["headers"],
                "custom authorization header configuration is not yet supported");
  if (tracing["endpoint"].text.empty()) refuse(tracing, "tracing endpoint must be set");
  const Value& compression = tracing["compression"];
  if (!compression.text.empty() && compression.text != "gzip") {
    refuse(compression,
           "invalid compression type " + compression.text + " provided, valid options: gzip");
  }
}

// Trims the attributes; each must be there, and once.
void check_attributes(Value& attributes, const std::string& what, const std::string& field) {
  std::set<std::string> seen;
  for (Value& attribute : attributes.items) {
    const size_t from = attribute.text.find_first_not_of(" \t\r\n");
    const size_t to = attribute.text.find_last_not_of(" \t\r\n");
    attribute.text = from == std::string::npos ? "" : attribute.text.substr(from, to - from + 1);
    if (attribute.text.empty()) {
      refuse(attribute, "invalid '" + field + "': empty " + what + " OTel resource attribute");
    }
    if (!seen.insert(attribute.text).second) {
      refuse(attribute, "invalid '" + field + "': duplicated " + what +
                            " OTel resource attribute " + go_quote(attribute.text));
    }
  }
}

void check_otlp(Value& otlp) {
  const bool all = otlp["promote_all_resource_attributes"].flag();
  Value& promoted = otlp["promote_resource_attributes"];
  Value& ignored = otlp["ignore_resource_attributes"];
  if (all && !promoted.items.empty()) {
    refuse(promoted,
           "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be "
           "configured simultaneously");
  }
  if (!all && !ignored.items.empty()) {
    refuse(ignored,
           "'ignore_resource_attributes' cannot be configured unless "
           "'promote_all_resource_attributes' is true");
  }
  check_attributes(ignored, "ignored", "ignore_resource_attributes");
  check_attributes(promoted, "promoted", "promote_resource_attributes");
}

}  // namespace

void check_sigv4(Value& sigv4) {
  if (is_zero(sigv4["access_key"]) != is_zero(sigv4["secret_key"])) {
    refuse(sigv4,
           "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the "
           "SigV4 config");
  }
}

const Type& sigv4_type() {
  static const Type type =
      optional_structure("sigv4.plain", {{"region", &string_type()},
                                         {"access_key", &string_type()},
                                         {"secret_key", &secret_type()},
                                         {"profile", &string_type()},
                                         {"role_arn", &string_type()},
                                         {"external_id", &string_type()},
                                         {"use_fips_sts_endpoint", &bool_type()},
                                         {"service_name", &string_type()}},
                         check_sigv4);
  return type;
}

const Type& remote_write_type() {
  static const Type remote = optional_structure(
      "config.plain",
      std::vector<Field>{{"url", &url_type(), "", true},
                         {"remote_timeout", &duration_type(), "30s"},
                         {"headers", &string_map_type()},
                         {"write_relabel_configs", &relabel_configs_type()},
                         {"name", &string_type()},
                         {"send_exemplars", &bool_type()},
                         {"send_native_histograms", &bool_type()},
                         {"round_robin_dns", &bool_type()},
                         {"protobuf_message", &string_type(), "prometheus.WriteRequest"}} +
          http_client_fields(false) +
          std::vector<Field>{{"queue_config", &queue_type()},
                             {"metadata_config", &metadata_type()},
                             {"sigv4", &sigv4_type()},
                             {"azuread", &azuread_type()},
                             {"google_iam", &google_iam_type()}},
      check_remote_write);
  static const Type type = list_of(remote, "[]*config.RemoteWriteConfig");
  return type;
}

const Type& remote_read_type() {
  static const Type uint64 = [] {
    Type t = uint_type();
    t.go_name = "uint64";
    return t;
  }();
  static const Type matchers = [] {
    Type t = string_map_type();
    t.go_name = "model.LabelSet";
    return t;
  }();
  static const Type remote =
      optional_structure("config.plain",
                         std::vector<Field>{{"url", &url_type(), "", true},
                                            {"remote_timeout", &duration_type(), "1m"},
                                            {"chunked_read_limit", &uint64, "50000000"},
                                            {"headers", &string_map_type()},
                                            {"read_recent", &bool_type()},
                                            {"name", &string_type()}} +
                             http_client_fields() +
                             std::vector<Field>{{"required_matchers", &matchers},
                                                {"filter_external_labels", &bool_type(), "true"}},
                         check_remote_read);
  static const Type type = list_of(remote, "[]*config.RemoteReadConfig");
  return type;
}

const Type& tracing_type() {
  static const Type client = [] {
    Type t = string_type();
    t.go_name = "config.plain";
    return t;
  }();
  static const Type type = [] {
    Type t = structure("config.plain",
                       {{"client_type", &client, "grpc"},
                        {"endpoint", &string_type()},
                        {"sampling_fraction", &float_type()},
                        {"insecure", &bool_type()},
                        {"tls_config", &tls_config_type()},
                        {"headers", &string_map_type()},
                        {"compression", &string_type()},
                        {"timeout", &duration_type()}},
                       check_tracing);
    t.optional = true;
    return t;
  }();
  return type;
}

const Type& otlp_type() {
  static const Type strategy = [] {
    Type t = string_type();
    t.go_name = "config.translationStrategyOption";
    return t;
  }();
  static const Type type =
      structure("config.plain",
                {{"promote_all_resource_attributes", &bool_type()},
                 {"promote_resource_attributes", &strings_type()},
                 {"ignore_resource_attributes", &strings_type()},
                 {"translation_strategy", &strategy, "UnderscoreEscapingWithSuffixes"},
                 {"keep_identifying_resource_attributes", &bool_type()},
                 {"convert_histograms_to_nhcb", &bool_type()},
                 {"promote_scope_metadata", &bool_type()},
                 {"label_name_underscore_sanitization", &bool_type(), "true"},
                 {"label_name_preserve_multiple_underscores", &bool_type(), "true"}},
                check_otlp);
  return type;
}

}  // namespace hearth
