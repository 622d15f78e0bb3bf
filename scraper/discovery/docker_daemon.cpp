#include "scraper/discovery/docker_daemon.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "config/http_access.h"
#include "core/error.h"
#include "core/json.h"
#include "core/uri.h"

namespace hearth {
namespace {

constexpr int kNewestMinor = 47;  // 1.47
constexpr int kOldestMinor = 24;  // of a daemon that does not say

// {"label":{"a":true}}
std::string filters_json(const std::vector<DockerFilter>& filters) {
  std::map<std::string, std::set<std::string>> by_name;
  for (const DockerFilter& filter : filters) {
    for (const std::string& value : filter.values) by_name[filter.name].insert(value);
  }
  if (by_name.empty()) return "";
  std::string out = "{";
  Comma names(out);
  for (const auto& [name, values] : by_name) {
    names.next();
    append_json_string(out, name);
    out += ":{";
    Comma inner(out);
    for (const std::string& value : values) {
      inner.next();
      append_json_string(out, value);
      out += ":true";
    }
    out += "}";
  }
  return out + "}";
}

int minor_of(std::string_view version) {
  int minor = 0;
  if (!version.starts_with("1.")) return kOldestMinor;
  std::from_chars(version.data() + 2, version.data() + version.size(), minor);
  return minor > 0 ? minor : kOldestMinor;
}

}  // namespace

DockerClient::DockerClient(const DockerDaemon& daemon, const DiscoveryContext& context)
    : daemon_(daemon),
      authority_(make_http_authority(daemon.http_client, context.dir)),
      user_agent_(context.user_agent),
      filters_(filters_json(daemon.filters)) {
  const size_t mark = daemon.host.find("://");
  if (mark == std::string::npos) {
    throw Error(
        ErrorKind::kBadData,
        "error setting up docker client: unable to parse docker host `" + daemon.host + "`");
  }
  const std::string scheme = daemon.host.substr(0, mark), rest = daemon.host.substr(mark + 3);
  web_ = scheme == "http" || scheme == "https";
  if (scheme == "unix") {
    base_ = "http://api.moby.localhost";
    unix_socket_ = rest;
  } else if (scheme == "tcp" || web_) {
    base_ = (web_ ? scheme : "http") + "://" + rest;
    while (base_.ends_with('/')) base_.pop_back();
  } else {
    throw Error(ErrorKind::kBadData, "error setting up docker client: the protocol " + scheme +
                                         " of " + daemon.host +
                                         " is not known; use unix, tcp, http or https");
  }
}

HttpRequest DockerClient::request(const std::string& path) const {
  HttpRequest out;
  if (web_) out.authority = authority_;
  out.options.unix_socket = unix_socket_;
  out.headers.push_back("User-Agent: " + user_agent_);
  out.url = base_ + path;
  out.timeout = daemon_.refresh_interval;
  return out;
}

HttpResponse DockerClient::send(Conversation& conversation, const std::string& path) const {
  HttpResponse response;
  try {
    response = conversation.send(request(path));
  } catch (const Error& error) {
    const std::string_view text = error.what();
    if (text.find("connection refused") == std::string_view::npos &&
        text.find("no such file") == std::string_view::npos) {
      throw Error(error.kind(), fmt::format("error during connect: {}", text));
    }
    throw Error(ErrorKind::kUnavailable, "Cannot connect to the Docker daemon at " + daemon_.host +
                                             ". Is the docker daemon running?");
  }
  if (response.status == 200) return response;
  std::string message = response.status_text;
  try {
    message = JsonValue::parse(response.body)["message"].text();
  } catch (const Error&) {  // the answer of somebody else, a proxy say
  }
  throw Error(ErrorKind::kUnavailable, "Error response from daemon: " + message);
}

std::string DockerClient::version(Conversation& conversation) const {
  const HttpResponse pong = send(conversation, "/_ping");
  return fmt::format("/v1.{}", std::min(minor_of(pong.header("Api-Version")), kNewestMinor));
}

JsonValue DockerClient::list(Conversation& conversation, const std::string& path,
                             bool filtered) const {
  const std::string query =
      filtered && !filters_.empty() ? "?filters=" + query_escape(filters_) : "";
  return JsonValue::parse(send(conversation, path + query).body);
}

void add_docker_labels(const JsonValue& map, const std::string& prefix, LabelPairs& labels) {
  for (const auto& [name, value] : map.members()) {
    labels.emplace_back(prefix + sanitize_label_name(name), value.text());
  }
}

std::map<std::string, LabelPairs> docker_networks(const JsonValue& networks,
                                                  const std::string& prefix) {
  std::map<std::string, LabelPairs> by_id;
  for (const JsonValue& network : networks.items()) {
    const std::string id = network["Id"].text();
    LabelPairs labels = {{prefix + "network_id", id},
                         {prefix + "network_name", network["Name"].text()},
                         {prefix + "network_scope", network["Scope"].text()},
                         {prefix + "network_internal", bool_text(network["Internal"].flag())},
                         {prefix + "network_ingress", bool_text(network["Ingress"].flag())}};
    add_docker_labels(network["Labels"], prefix + "network_label_", labels);
    by_id[id] = std::move(labels);
  }
  return by_id;
}

}  // namespace hearth
