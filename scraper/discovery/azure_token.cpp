#include "scraper/discovery/azure_token.h"

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
#include "core/go_text.h"
#include "core/uri.h"

namespace hearth {
namespace {

constexpr const char* kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string or_environment(const std::string& given, const char* name) {
  return given.empty() ? environment(name) : given;
}

// Of a client that proves itself by a secret or by a token of somebody whom Azure trusts.
CachedToken::Fetched ask_login(Conversation& conversation, const CloudClient& client,
                               const AzureCloud& cloud, const std::string& tenant,
                               QueryParameters form) {
  form["grant_type"] = {"client_credentials"};
  form["scope"] = {cloud.management + "/.default"};
  const HttpRequest request = client.form_request(
      cloud.login + "/" + path_escape(tenant) + "/oauth2/v2.0/token", encode_query(form));
  return parse_token(client.send(conversation, request).body);
}

CachedToken::Fetched ask_with_secret(Conversation& conversation, const CloudClient& client,
                                     const AzureCloud& cloud, const std::string& tenant,
                                     const std::string& id, const std::string& secret) {
  return ask_login(conversation, client, cloud, tenant,
                   {{"client_id", {id}}, {"client_secret", {secret}}});
}

CachedToken::Fetched ask_with_workload_identity(Conversation& conversation,
                                                const CloudClient& client,
                                                const AzureSdConfig& config,
                                                const AzureCloud& cloud) {
  const std::string file = environment("AZURE_FEDERATED_TOKEN_FILE");
  if (file.empty())
    throw Error(ErrorKind::kBadData,
                "no token file specified: AZURE_FEDERATED_TOKEN_FILE is not set");
  return ask_login(conversation, client, cloud, or_environment(config.tenant_id, "AZURE_TENANT_ID"),
                   {{"client_id", {or_environment(config.client_id, "AZURE_CLIENT_ID")}},
                    {"client_assertion_type", {kAssertionType}},
                    {"client_assertion", {read_file(file)}}});
}

CachedToken::Fetched ask_machine(Conversation& conversation, const CloudClient& client,
                                 const AzureSdConfig& config, const AzureCloud& cloud) {
  QueryParameters parameters = {{"api-version", {"2018-02-01"}}, {"resource", {cloud.management}}};
  if (!config.client_id.empty()) parameters["client_id"] = {config.client_id};
  HttpRequest request;
  request.url = cloud.metadata + "/metadata/identity/oauth2/token?" + encode_query(parameters);
  request.headers = {"Metadata: true"};
  request.timeout = 10'000;
  return parse_token(client.send(conversation, request).body);
}

}  // namespace

AzureCloud azure_cloud(const std::string& name) {
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const std::string metadata = "http://169.254.169.254";
  if (upper == "AZUREPUBLICCLOUD" || upper == "AZURECLOUD") {
    return {"https://login.microsoftonline.com", "https://management.azure.com", metadata};
  }
  if (upper == "AZURECHINACLOUD") {
    return {"https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn", metadata};
  }
  if (upper == "AZUREUSGOVERNMENTCLOUD" || upper == "AZUREUSGOVERNMENT") {
    return {"https://login.microsoftonline.us", "https://management.usgovcloudapi.net", metadata};
  }
  throw Error(ErrorKind::kBadData,
              "there is no cloud configuration matching the name " + go_quote(name));
}

CachedToken::Fetched fetch_azure_token(Conversation& conversation, const CloudClient& client,
                                       const AzureSdConfig& config, const AzureCloud& cloud) {
  const std::string& method = config.authentication_method;
  if (method == "OAuth") {
    return ask_with_secret(conversation, client, cloud, config.tenant_id, config.client_id,
                           config.client_secret.value);
  }
  if (method == "ManagedIdentity") return ask_machine(conversation, client, config, cloud);
  if (method == "WorkloadIdentity")
    return ask_with_workload_identity(conversation, client, config, cloud);
  // SDK: what the environment has, else the machine.
  const std::string secret = environment("AZURE_CLIENT_SECRET");
  if (!secret.empty()) {
    return ask_with_secret(conversation, client, cloud,
                           or_environment(config.tenant_id, "AZURE_TENANT_ID"),
                           environment("AZURE_CLIENT_ID"), secret);
  }
  if (!environment("AZURE_FEDERATED_TOKEN_FILE").empty()) {
    return ask_with_workload_identity(conversation, client, config, cloud);
  }
  return ask_machine(conversation, client, config, cloud);
}

}  // namespace hearth
