#include "scraper/discovery/kubernetes_access.h"

#include <cstdlib>

#include "config/yaml_tree.h"
#include "core/error.h"
#include "core/file.h"
#include "core/go_text.h"
#include "core/log.h"
#include "scraper/discovery/meta_labels.h"

namespace hearth {
namespace {

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

std::string below(const std::string& dir, const std::string& path) {
  return path.empty() || path.starts_with('/') ? path : dir + "/" + path;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// ---- inside a cluster --------------------------------------------------------------------------

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

KubernetesAccess in_cluster(const std::string& dir) {
  const std::string host = environment("KUBERNETES_SERVICE_HOST"),
                    port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    fail(
        "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and "
        "KUBERNETES_SERVICE_PORT must be defined");
  }
  KubernetesAccess access;
  access.server = "https://" + join_host_port(host, port);
  read_file(dir +
            "/token");  // that it cannot be read is told now; it is read anew for each request
  access.http.authorization = Authorization{"Bearer", {}, dir + "/token"};
  if (path_exists(dir + "/ca.crt")) {
    access.http.tls_config.ca_file = dir + "/ca.crt";
  } else {
    log_error("Expected to load root CA config, but there is none", "component",
              "discovery manager scrape", "discovery", "kubernetes", "file", dir + "/ca.crt");
  }
  return access;
}

// ---- kubeconfig --------------------------------------------------------------------------------

// Reads what is there; nullptr and empty texts where it is not.
const YamlNode* member(const YamlNode* node, std::string_view name) {
  if (node == nullptr || node->kind != YamlNode::Kind::kMapping) return nullptr;
  for (const YamlEntry& entry : node->entries) {
    if (entry.key->text == name) return entry.value.get();
  }
  return nullptr;
}
std::string text(const YamlNode* node, std::string_view name) {
  const YamlNode* value = member(node, name);
  if (value == nullptr || value->kind != YamlNode::Kind::kScalar ||
      yaml_scalar_tag(*value) == "!!null")
    return "";
  return value->text;
}
std::string decoded(const YamlNode* node, std::string_view name) {
  const YamlNode* value = member(node, name);
  if (value == nullptr || value->text.empty()) return "";
  YamlNode binary;
  binary.text = value->text;
  binary.tag = "!!binary";
  try {
    return yaml_text(binary);
  } catch (const Error&) {
    fail("kubeconfig: " + std::string(name) + " is not base64");
  }
}

// The entry of a list whose `name` is the given one.
const YamlNode* named(const YamlNode* root, std::string_view list, const std::string& name,
                      std::string_view what) {
  const YamlNode* entries = member(root, list);
  if (entries != nullptr) {
    for (const YamlRef& entry : entries->items) {
      if (text(entry.get(), "name") == name) return member(entry.get(), what);
    }
  }
  fail("kubeconfig: " + std::string(what) + " " + go_quote(name) + " does not exist");
}

void read_cluster(const YamlNode* cluster, const std::string& dir, KubernetesAccess& access) {
  access.server = without_slash(text(cluster, "server"));
  if (access.server.empty()) fail("kubeconfig: the cluster has no server");
  TlsConfig& tls = access.http.tls_config;
  tls.ca = decoded(cluster, "certificate-authority-data");
  if (tls.ca.empty()) tls.ca_file = below(dir, text(cluster, "certificate-authority"));
  tls.server_name = text(cluster, "tls-server-name");
  tls.insecure_skip_verify = text(cluster, "insecure-skip-tls-verify") == "true";
  access.http.proxy_url = text(cluster, "proxy-url");
  access.http.proxy_from_environment = access.http.proxy_url.empty();
}

void read_user(const YamlNode* user, const std::string& dir, KubernetesAccess& access) {
  for (const char* plugin : {"exec", "auth-provider"}) {
    if (member(user, plugin) != nullptr) {
      fail(std::string("kubeconfig: users with ") + plugin +
           " are not supported: give the user a token, a tokenFile or a client certificate");
    }
  }
  TlsConfig& tls = access.http.tls_config;
  tls.cert = decoded(user, "client-certificate-data");
  if (tls.cert.empty()) tls.cert_file = below(dir, text(user, "client-certificate"));
  tls.key.value = decoded(user, "client-key-data");
  if (tls.key.value.empty()) tls.key_file = below(dir, text(user, "client-key"));
  const std::string token = text(user, "token"), token_file = text(user, "tokenFile");
  if (!token_file.empty()) {
    access.http.authorization = Authorization{"Bearer", {}, below(dir, token_file)};
  } else if (!token.empty()) {
    access.http.authorization = Authorization{"Bearer", {token}, ""};
  } else if (const std::string username = text(user, "username"); !username.empty()) {
    access.http.basic_auth = BasicAuth{username, "", {text(user, "password")}, ""};
  }
}

}  // namespace

KubernetesAccess read_kubeconfig(const std::string& text_of_file, const std::string& dir) {
  const YamlRef document = parse_yaml(text_of_file);
  const YamlNode* root = document.get();
  const std::string current = text(root, "current-context");
  if (current.empty()) fail("kubeconfig: there is no current-context");
  const YamlNode* context = named(root, "contexts", current, "context");
  KubernetesAccess access;
  read_cluster(named(root, "clusters", text(context, "cluster"), "cluster"), dir, access);
  if (const std::string user = text(context, "user"); !user.empty()) {
    read_user(named(root, "users", user, "user"), dir, access);
  }
  return access;
}

KubernetesAccess kubernetes_access(const KubernetesSdConfig& config, const std::string& dir,
                                   const std::string& service_account_dir) {
  if (!config.kubeconfig_file.empty()) {
    const std::string path = below(dir, config.kubeconfig_file);
    return read_kubeconfig(read_file(path), path.substr(0, path.rfind('/')));
  }
  if (!config.api_server.empty()) return {without_slash(config.api_server), config.http_client, ""};
  KubernetesAccess access = in_cluster(service_account_dir);
  if (config.own_namespace) {
    access.own_namespace = read_file(service_account_dir + "/namespace");
    if (access.own_namespace.empty()) fail("could not read own namespace name (empty file)");
  }
  return access;
}

}  // namespace hearth
