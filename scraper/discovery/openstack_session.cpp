#include "scraper/discovery/openstack_session.h"

#include <fmt/format.h>

#include <cstdlib>

#include "core/error.h"
#include "core/json.h"

namespace hearth {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string quoted(const std::string& text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// "domain":{"id":"x"}, or by name; "" where neither is given.
std::string domain_json(const OpenstackSdConfig& c) {
  if (!c.domain_id.empty()) return ",\"domain\":{\"id\":" + quoted(c.domain_id) + "}";
  if (!c.domain_name.empty()) return ",\"domain\":{\"name\":" + quoted(c.domain_name) + "}";
  return "";
}

// The user, as an object without its braces.
std::string user_json(const OpenstackSdConfig& c) {
  if (!c.userid.empty()) return "\"id\":" + quoted(c.userid);
  return "\"name\":" + quoted(c.username) + domain_json(c);
}

std::string identity_json(const OpenstackSdConfig& c) {
  if (!c.application_credential_secret.value.empty()) {
    std::string who;
    if (!c.application_credential_id.empty()) {
      who = "\"id\":" + quoted(c.application_credential_id);
    } else if (!c.application_credential_name.empty()) {
      who =
          "\"name\":" + quoted(c.application_credential_name) + ",\"user\":{" + user_json(c) + "}";
    } else {
      throw Error(ErrorKind::kBadData, "an application credential needs its id or its name");
    }
    return "\"methods\":[\"application_credential\"],\"application_credential\":{" + who +
           ",\"secret\":" + quoted(c.application_credential_secret.value) + "}";
  }
  if (c.userid.empty() && c.username.empty()) {
    throw Error(ErrorKind::kBadData, "you must provide exactly one of a username and a userid");
  }
  if (c.userid.empty() && domain_json(c).empty()) {
    throw Error(ErrorKind::kBadData,
                "you must provide exactly one of domain_id and domain_name with a username");
  }
  return "\"methods\":[\"password\"],\"password\":{\"user\":{" + user_json(c) +
         ",\"password\":" + quoted(c.password.value) + "}}";
}

// Of a project, where one is named; an application credential has its own.
std::string scope_json(const OpenstackSdConfig& c) {
  if (!c.application_credential_secret.value.empty()) return "";
  if (!c.project_id.empty())
    return ",\"scope\":{\"project\":{\"id\":" + quoted(c.project_id) + "}}";
  if (!c.project_name.empty()) {
    return ",\"scope\":{\"project\":{\"name\":" + quoted(c.project_name) + domain_json(c) + "}}";
  }
  return "";
}

}  // namespace

OpenstackSdConfig openstack_credentials(const OpenstackSdConfig& config) {
  if (!config.identity_endpoint.empty()) return config;
  const auto first_of = [](const char* one, const char* other) {
    const std::string value = environment(one);
    return value.empty() ? environment(other) : value;
  };
  OpenstackSdConfig out = config;
  out.identity_endpoint = environment("OS_AUTH_URL");
  out.username = environment("OS_USERNAME");
  out.userid = first_of("OS_USERID", "OS_USER_ID");
  out.password.value = environment("OS_PASSWORD");
  out.project_id = first_of("OS_PROJECT_ID", "OS_TENANT_ID");
  out.project_name = first_of("OS_PROJECT_NAME", "OS_TENANT_NAME");
  out.domain_id = first_of("OS_DOMAIN_ID", "OS_USER_DOMAIN_ID");
  out.domain_name = first_of("OS_DOMAIN_NAME", "OS_USER_DOMAIN_NAME");
  out.application_credential_id = environment("OS_APPLICATION_CREDENTIAL_ID");
  out.application_credential_name = environment("OS_APPLICATION_CREDENTIAL_NAME");
  out.application_credential_secret.value = environment("OS_APPLICATION_CREDENTIAL_SECRET");
  if (out.identity_endpoint.empty()) {
    throw Error(ErrorKind::kBadData,
                "missing environment variable [OS_AUTH_URL]; or set identity_endpoint");
  }
  return out;
}

std::string keystone_question(const OpenstackSdConfig& credentials) {
  return "{\"auth\":{\"identity\":{" + identity_json(credentials) + "}" + scope_json(credentials) +
         "}}";
}

OpenstackSession::OpenstackSession(Conversation& conversation, const CloudClient& client,
                                   const OpenstackSdConfig& config)
    : conversation_(conversation), client_(client), config_(config) {
  try {
    std::string base = config.identity_endpoint;
    while (base.ends_with('/')) base.pop_back();
    if (!base.ends_with("/v3")) base += "/v3";
    HttpRequest request = client.request(base + "/auth/tokens");
    request.method = "POST";
    request.headers.push_back("Content-Type: application/json");
    request.body = keystone_question(config);
    const HttpResponse response = client.send(conversation, std::move(request));
    token_ = response.header("X-Subject-Token");
    catalog_ = JsonValue::parse(response.body)["token"]["catalog"];
    if (token_.empty()) throw Error(ErrorKind::kBadData, "the answer has no X-Subject-Token");
  } catch (const Error& error) {
    throw Error(error.kind(), std::string("could not authenticate to OpenStack: ") + error.what());
  }
}

std::string OpenstackSession::endpoint(const std::string& type) const {
  for (const JsonValue& service : catalog_.items()) {
    if (service["type"].text() != type) continue;
    for (const JsonValue& place : service["endpoints"].items()) {
      const std::string region =
          place["region_id"].is_null() ? place["region"].text() : place["region_id"].text();
      if (place["interface"].text() != config_.availability || region != config_.region) continue;
      const std::string url = place["url"].text();
      return url.ends_with('/') ? url : url + "/";
    }
  }
  throw Error(
      ErrorKind::kUnavailable,
      fmt::format(
          "could not create OpenStack {} session: No suitable endpoint could be found in the "
          "service catalog.",
          type == "load-balancer" ? "load balancer" : type));
}

std::vector<JsonValue> OpenstackSession::all(const std::string& url,
                                             const std::string& list) const {
  std::vector<JsonValue> items;
  for_each_page(url, [&](const std::string& page_url) -> std::string {
    HttpRequest request = client_.request(page_url);
    request.headers.push_back("X-Auth-Token: " + token_);
    const JsonValue page = JsonValue::parse(client_.send(conversation_, std::move(request)).body);
    for (const JsonValue& item : page[list].items()) items.push_back(item);
    for (const JsonValue& link : page[list + "_links"].items()) {
      if (link["rel"].text() == "next") return link["href"].text();
    }
    return "";
  });
  return items;
}

}  // namespace hearth
