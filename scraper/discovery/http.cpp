// http_sd: target groups from a web server, as a JSON list.
#include <fmt/format.h>

#include "config/http_access.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/regex.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/refresh.h"

namespace hearth {
namespace {

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

// Immutable, but for its counter.
class HttpMechanism {
 public:
  HttpMechanism(const HttpSdConfig& config, const DiscoveryContext& context)
      : config_(config),
        authority_(make_http_authority(config.http_client, context.dir)),
        user_agent_(context.user_agent),
        json_type_(R"((?i:application/json(;\s*charset=("utf-8"|utf-8))?))"),
        failures_(context.registry.counter("prometheus_sd_http_failures_total",
                                           "Number of HTTP service discovery refresh failures.")) {}

  std::vector<TargetGroup> ask(Conversation& conversation) const {
    try {
      return groups(conversation);
    } catch (const Error&) {
      failures_.add();
      throw;
    }
  }

 private:
  std::vector<TargetGroup> groups(Conversation& conversation) const {
    HttpRequest request;
    request.url = config_.url;
    request.headers.push_back("User-Agent: " + user_agent_);
    request.headers.push_back("Accept: application/json");
    request.headers.push_back("X-Prometheus-Refresh-Interval-Seconds: " +
                              float_f(static_cast<double>(config_.refresh_interval) / 1000));
    request.timeout = config_.refresh_interval;
    request.authority = authority_;
    const HttpResponse response = conversation.send(std::move(request));
    if (response.status != 200) {
      throw Error(ErrorKind::kUnavailable, "server returned HTTP status " + response.status_text);
    }
    if (!json_type_.matches(trimmed(response.content_type))) {
      throw Error(ErrorKind::kBadData,
                  "unsupported content type " + go_quote(response.content_type));
    }
    std::vector<TargetGroup> groups = parse_target_groups_json(response.body);
    for (size_t i = 0; i < groups.size(); ++i) {
      groups[i].source = fmt::format("{}:{}", config_.url, i);
      LabelsBuilder labels(groups[i].labels);
      labels.set("__meta_url", config_.url);
      groups[i].labels = labels.build();
    }
    return groups;
  }

  const HttpSdConfig config_;
  const std::shared_ptr<HttpAuthority> authority_;
  const std::string user_agent_;
  const Regex json_type_;
  Counter failures_;
};

}  // namespace

std::unique_ptr<Discovery> make_http_discovery(const HttpSdConfig& config,
                                               const DiscoveryContext& context) {
  const auto mechanism = std::make_shared<const HttpMechanism>(config, context);
  return make_refreshed_discovery(
      context, "http", config.refresh_interval,
      [mechanism](Conversation& conversation) { return mechanism->ask(conversation); });
}

}  // namespace hearth
