#include "scraper/discovery/google_token.h"

#include <fmt/format.h>

#include <cstdlib>

#include "config/jwt.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/uri.h"

namespace hearth {
namespace {

constexpr const char* kScope = "https://www.googleapis.com/auth/compute.readonly";
constexpr const char* kTokenUrl = "https://oauth2.googleapis.com/token";
constexpr const char* kJwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr int64_t kLifetimeSeconds = 3600;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string token_url(const JsonValue& credentials) {
  const std::string url = credentials["token_uri"].text();
  return url.empty() ? kTokenUrl : url;
}

std::string assertion_form(const JsonValue& credentials) {
  const int64_t now = system_clock().now() / 1000;
  std::string claims = "{\"iss\":";
  append_json_string(claims, credentials["client_email"].text());
  claims += ",\"scope\":";
  append_json_string(claims, kScope);
  claims += ",\"aud\":";
  append_json_string(claims, token_url(credentials));
  claims += fmt::format(",\"iat\":{},\"exp\":{}}}", now, now + kLifetimeSeconds);
  const Assertion assertion{"RS256", credentials["private_key_id"].text(), claims};
  return encode_query(
      {{"grant_type", {kJwtGrant}},
       {"assertion", {signed_assertion(assertion, credentials["private_key"].text())}}});
}

}  // namespace

std::string google_credentials_text() {
  if (const std::string path = environment("GOOGLE_APPLICATION_CREDENTIALS"); !path.empty())
    return read_file(path);
  try {
    return read_file(environment("HOME") + "/.config/gcloud/application_default_credentials.json");
  } catch (const Error&) {
    return "";
  }
}

CachedToken::Fetched fetch_google_token(Conversation& conversation, const CloudClient& client,
                                        const std::string& credentials_text,
                                        const std::string& metadata_server) {
  if (credentials_text.empty()) {
    HttpRequest request;
    request.url = metadata_server +
                  "/computeMetadata/v1/instance/service-accounts/default/token?scopes=" +
                  query_escape(kScope);
    request.headers = {"Metadata-Flavor: Google"};
    request.timeout = 5000;
    return parse_token(client.send(conversation, request).body);
  }
  const JsonValue credentials = JsonValue::parse(credentials_text);
  const std::string type = credentials["type"].text();
  std::string form;
  if (type == "service_account") {
    form = assertion_form(credentials);
  } else if (type == "authorized_user") {
    form = encode_query({{"grant_type", {"refresh_token"}},
                         {"client_id", {credentials["client_id"].text()}},
                         {"client_secret", {credentials["client_secret"].text()}},
                         {"refresh_token", {credentials["refresh_token"].text()}}});
  } else {
    throw Error(ErrorKind::kBadData,
                "google: credentials of the type \"" + type +
                    "\" are not supported; use service_account or authorized_user");
  }
  return parse_token(
      client.send(conversation, client.form_request(token_url(credentials), form)).body);
}

}  // namespace hearth
