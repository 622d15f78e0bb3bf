#include "scraper/discovery/aws_credentials.h"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <pugixml.hpp>
#include <sstream>

#include "core/error.h"
#include "core/file.h"
#include "core/uri.h"

namespace hearth {
namespace {

constexpr int64_t kBeforeTheyExpire = 300;  // seconds
constexpr DurationMs kMetadataTimeout = 1000;
constexpr const char* kSession = "prometheus";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

int64_t now_seconds() { return system_clock().now() / 1000; }

// "2024-05-01T12:00:00Z"
int64_t seconds_of(const std::string& text) {
  std::tm time{};
  return strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time) == nullptr ? 0 : timegm(&time);
}

std::string home_file(const char* variable, const char* below_home) {
  const std::string given = environment(variable);
  return given.empty() ? environment("HOME") + below_home : given;
}

std::string read_if_there(const std::string& path) {
  try {
    return read_file(path);
  } catch (const Error&) {
    return "";
  }
}

}  // namespace

AwsKeys profile_keys(const std::string& text, const std::string& profile) {
  AwsKeys keys;
  std::istringstream lines(text);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    line = trimmed(line);
    if (line.starts_with('[')) {
      inside = line == "[" + profile + "]" || line == "[profile " + profile + "]";
      continue;
    }
    const size_t equals = line.find('=');
    if (!inside || equals == std::string::npos) continue;
    const std::string name = trimmed(line.substr(0, equals)),
                      value = trimmed(line.substr(equals + 1));
    if (name == "aws_access_key_id") keys.access_key = value;
    if (name == "aws_secret_access_key") keys.secret_key = value;
    if (name == "aws_session_token") keys.session_token = value;
  }
  return keys;
}

std::string aws_endpoint(const std::string& service, const std::string& region) {
  const char* domain = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return fmt::format("https://{}.{}.{}", service, region, domain);
}

HttpRequest aws_request(const CloudClient& client, const std::string& endpoint,
                        const std::string& region, const std::string& service,
                        const std::string& form, const AwsKeys* keys) {
  std::string url = endpoint.find("://") == std::string::npos ? "https://" + endpoint : endpoint;
  if (!url.ends_with('/')) url += '/';
  HttpRequest request = client.form_request(url, form);
  if (keys == nullptr) return request;
  const size_t host = url.find("://") + 3, path = url.find('/', host);
  AwsRequest to_sign;
  to_sign.host = url.substr(host, path - host);
  to_sign.path = url.substr(path);
  to_sign.body = form;
  to_sign.content_type = kFormType;
  to_sign.region = region;
  to_sign.service = service;
  to_sign.time = aws_time(now_seconds());
  for (const auto& [name, value] : aws_signature(to_sign, *keys)) {
    request.headers.push_back(name + ": " + value);
  }
  return request;
}

AwsCredentials::AwsCredentials(const Ec2SdConfig& config, const CloudClient& client,
                               const AwsEndpoints& endpoints)
    : config_(config), client_(client), endpoints_(endpoints) {}

// By IMDSv2: with a token of its own for each question.
std::string AwsCredentials::metadata(Conversation& conversation, const std::string& path) {
  HttpRequest for_token;
  for_token.method = "PUT";
  for_token.url = endpoints_.metadata + "/latest/api/token";
  for_token.headers = {"X-aws-ec2-metadata-token-ttl-seconds: 300"};
  for_token.timeout = kMetadataTimeout;
  const HttpResponse token = conversation.send(for_token);
  HttpRequest request;
  request.url = endpoints_.metadata + path;
  if (token.status == 200) request.headers = {"X-aws-ec2-metadata-token: " + trimmed(token.body)};
  request.timeout = kMetadataTimeout;
  const HttpResponse response = conversation.send(request);
  if (response.status != 200) throw_unexpected_status(request, response);
  return response.body;
}

std::string AwsCredentials::region(Conversation& conversation) {
  if (region_.empty()) region_ = config_.region;
  if (region_.empty()) region_ = environment("AWS_REGION");
  if (region_.empty()) region_ = environment("AWS_DEFAULT_REGION");
  if (region_.empty()) {
    try {
      region_ = trimmed(metadata(conversation, "/latest/meta-data/placement/region"));
    } catch (const Error&) {
      throw Error(ErrorKind::kBadData, "EC2 SD configuration requires a region");
    }
  }
  return region_;
}

const AwsKeys& AwsCredentials::keys(Conversation& conversation) {
  if (have_keys_ &&
      (current_.expires == 0 || now_seconds() < current_.expires - kBeforeTheyExpire)) {
    return current_.keys;
  }
  current_ = find(conversation);
  if (!config_.role_arn.empty()) current_ = assume_role(conversation, current_.keys);
  have_keys_ = true;
  return current_.keys;
}

AwsCredentials::Temporary AwsCredentials::find(Conversation& conversation) {
  if (!config_.access_key.empty() || !config_.secret_key.value.empty()) {
    return {{config_.access_key, config_.secret_key.value, ""}, 0};
  }
  if (config_.profile.empty()) {
    const AwsKeys keys{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                       environment("AWS_SESSION_TOKEN")};
    if (!keys.access_key.empty()) return {keys, 0};
    if (const std::string file = environment("AWS_WEB_IDENTITY_TOKEN_FILE"); !file.empty()) {
      return from_web_identity(conversation, file);
    }
  }
  const std::string named = config_.profile.empty() ? environment("AWS_PROFILE") : config_.profile;
  const std::string profile = named.empty() ? "default" : named;
  for (const std::string& path : {home_file("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"),
                                  home_file("AWS_CONFIG_FILE", "/.aws/config")}) {
    const AwsKeys keys = profile_keys(read_if_there(path), profile);
    if (!keys.access_key.empty()) return {keys, 0};
  }
  if (!config_.profile.empty()) {
    throw Error(ErrorKind::kBadData,
                "no keys of the profile " + profile + " are in the files of AWS credentials");
  }
  if (const std::string path = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
      !path.empty()) {
    return from_container(conversation, endpoints_.container + path);
  }
  if (const std::string url = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI"); !url.empty()) {
    return from_container(conversation, url);
  }
  return from_machine(conversation);
}

AwsCredentials::Temporary AwsCredentials::from_container(Conversation& conversation,
                                                         const std::string& url) {
  HttpRequest request = client_.request(url);
  std::string token = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
      !file.empty()) {
    token = trimmed(read_file(file));
  }
  request.authority = nullptr;  // that of EC2 is not for here
  if (!token.empty()) request.headers.push_back("Authorization: " + token);
  const JsonValue answer = JsonValue::parse(client_.send(conversation, request).body);
  return {{answer["AccessKeyId"].text(), answer["SecretAccessKey"].text(), answer["Token"].text()},
          seconds_of(answer["Expiration"].text())};
}

AwsCredentials::Temporary AwsCredentials::from_machine(Conversation& conversation) {
  const std::string base = "/latest/meta-data/iam/security-credentials/";
  try {
    const std::string roles = metadata(conversation, base);
    const JsonValue answer =
        JsonValue::parse(metadata(conversation, base + roles.substr(0, roles.find('\n'))));
    return {
        {answer["AccessKeyId"].text(), answer["SecretAccessKey"].text(), answer["Token"].text()},
        seconds_of(answer["Expiration"].text())};
  } catch (const Error& error) {
    throw Error(
        ErrorKind::kUnavailable,
        fmt::format("NoCredentialProviders: no valid providers in chain; the machine has none: {}",
                    error.what()));
  }
}

// ---- STS ---------------------------------------------------------------------------------------

AwsCredentials::Temporary AwsCredentials::ask_sts(Conversation& conversation,
                                                  const std::string& form, const AwsKeys* keys) {
  const std::string here = region(conversation);
  const std::string endpoint = endpoints_.sts.empty() ? aws_endpoint("sts", here) : endpoints_.sts;
  HttpRequest request = aws_request(client_, endpoint, here, "sts", form, keys);
  const HttpResponse response = client_.send(conversation, std::move(request));
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node result = document.document_element().first_child().child("Credentials");
  const Temporary found{{result.child_value("AccessKeyId"), result.child_value("SecretAccessKey"),
                         result.child_value("SessionToken")},
                        seconds_of(result.child_value("Expiration"))};
  if (found.keys.access_key.empty())
    throw Error(ErrorKind::kBadData, "the answer of AWS STS has no credentials");
  return found;
}

AwsCredentials::Temporary AwsCredentials::assume_role(Conversation& conversation,
                                                      const AwsKeys& keys) {
  QueryParameters form = {{"Action", {"AssumeRole"}},
                          {"Version", {"2011-06-15"}},
                          {"RoleArn", {config_.role_arn}},
                          {"RoleSessionName", {kSession}},
                          {"DurationSeconds", {"900"}}};
  if (!config_.external_id.empty()) form["ExternalId"] = {config_.external_id};
  return ask_sts(conversation, encode_query(form), &keys);
}

AwsCredentials::Temporary AwsCredentials::from_web_identity(Conversation& conversation,
                                                            const std::string& token_file) {
  const std::string session = environment("AWS_ROLE_SESSION_NAME");
  return ask_sts(conversation,
                 encode_query({{"Action", {"AssumeRoleWithWebIdentity"}},
                               {"Version", {"2011-06-15"}},
                               {"RoleArn", {environment("AWS_ROLE_ARN")}},
                               {"RoleSessionName", {session.empty() ? kSession : session}},
                               {"WebIdentityToken", {trimmed(read_file(token_file))}}}),
                 nullptr);
}

}  // namespace hearth
