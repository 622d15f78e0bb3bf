#include "scraper/discovery/kubernetes_access.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "core/error.h"
#include "core/file.h"

namespace hearth {
namespace {

std::string kubeconfig(const std::string& user,
                       const std::string& cluster = "server: https://a:6443/") {
  return "apiVersion: v1\nkind: Config\ncurrent-context: two\n"
         "contexts:\n- name: one\n  context: {cluster: x, user: x}\n- name: two\n  context: "
         "{cluster: c, user: u}\n"
         "clusters:\n- name: x\n  cluster: {server: https://x}\n- name: c\n  cluster: {" +
         cluster +
         "}\n"
         "users:\n- name: u\n  user: {" +
         user + "}\n";
}

std::string refusal(const std::string& text) {
  try {
    read_kubeconfig(text, "/d");
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_CASE("a kubeconfig's current context says where the server is and who asks") {
  const KubernetesAccess token = read_kubeconfig(
      kubeconfig("token: abc",
                 "server: https://a:6443/, "
                 "certificate-authority: ca.crt, tls-server-name: n, proxy-url: http://p"),
      "/d");
  CHECK(token.server == "https://a:6443");
  CHECK(token.http.tls_config.ca_file == "/d/ca.crt");
  CHECK(token.http.tls_config.server_name == "n");
  CHECK(token.http.proxy_url == "http://p");
  CHECK(token.http.authorization->credentials.value == "abc");

  const KubernetesAccess file = read_kubeconfig(kubeconfig("token: abc, tokenFile: t"), "/d");
  CHECK(file.http.authorization->credentials_file == "/d/t");
  CHECK(file.http.authorization->credentials.value == "");

  const KubernetesAccess inlined = read_kubeconfig(
      kubeconfig("client-certificate-data: Y2VydA==, client-key-data: a2V5",
                 "server: 'https://a', "
                 "certificate-authority-data: Y2E=, insecure-skip-tls-verify: true"),
      "/d");
  CHECK(inlined.http.tls_config.ca == "ca");
  CHECK(inlined.http.tls_config.cert == "cert");
  CHECK(inlined.http.tls_config.key.value == "key");
  CHECK(inlined.http.tls_config.insecure_skip_verify);

  const KubernetesAccess basic = read_kubeconfig(kubeconfig("username: u, password: p"), "/d");
  CHECK(basic.http.basic_auth->username == "u");
  CHECK(basic.http.basic_auth->password.value == "p");
}

TEST_CASE("a kubeconfig that leads nowhere is refused with a reason") {
  CHECK(refusal("") == "kubeconfig: there is no current-context");
  CHECK(refusal("current-context: c") == "kubeconfig: context \"c\" does not exist");
  CHECK(refusal("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]") ==
        "kubeconfig: cluster \"k\" does not exist");
  CHECK(refusal(kubeconfig("", "x: y")) == "kubeconfig: the cluster has no server");
  CHECK(refusal(kubeconfig("client-key-data: '%'")) == "kubeconfig: client-key-data is not base64");
  CHECK(refusal(kubeconfig("exec: {command: aws}")) ==
        "kubeconfig: users with exec are not supported: give the user a token, a tokenFile or a "
        "client certificate");
  CHECK(refusal("a: [").find("yaml") != std::string::npos);
}

TEST_CASE("a pod finds its cluster by its environment and its service account") {
  TempDir dir;
  KubernetesSdConfig config;
  config.own_namespace = true;
  unsetenv("KUBERNETES_SERVICE_HOST");
  CHECK_THROWS_WITH(kubernetes_access(config, ".", dir.path()),
                    "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and "
                    "KUBERNETES_SERVICE_PORT must "
                    "be defined");
  setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  CHECK_THROWS(kubernetes_access(config, ".", dir.path()));  // no token
  write_file(dir.path() + "/token", "t");
  write_file(dir.path() + "/ca.crt", "c");
  write_file(dir.path() + "/namespace", "monitoring");
  const KubernetesAccess access = kubernetes_access(config, ".", dir.path());
  CHECK(access.server == "https://[fd00::1]:443");
  CHECK(access.http.authorization->credentials_file == dir.path() + "/token");
  CHECK(access.http.tls_config.ca_file == dir.path() + "/ca.crt");
  CHECK(access.own_namespace == "monitoring");
  unsetenv("KUBERNETES_SERVICE_HOST");
  unsetenv("KUBERNETES_SERVICE_PORT");
}

}  // namespace
}  // namespace hearth
