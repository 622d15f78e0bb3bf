#include "web/api_targets.h"

#include <algorithm>
#include <functional>
#include <map>

#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/json.h"
#include "query/parser.h"
#include "web/json_list.h"
#include "web/params.h"

namespace hearth::web {
namespace {

std::string_view health_text(TargetHealth health) {
  switch (health) {
    case TargetHealth::kUp:
      return "up";
    case TargetHealth::kDown:
      return "down";
    case TargetHealth::kUnknown:
      break;
  }
  return "unknown";
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(",\"").append(name).append("\":");
  append_json_string(out, value);
}

std::string time_text(TimeMs time) {
  return time == 0 ? std::string("0001-01-01T00:00:00Z") : rfc3339_text(time);
}

// -1 = none.
int64_t number_param(const Exchange& exchange, const std::string& name) {
  const std::string text = exchange.param(name);
  if (text.empty()) return -1;
  try {
    return parse_go_int(text);
  } catch (const Error& e) {
    throw Error(e.kind(), name + " must be a number");
  }
}

std::string dropped_counts_json(const ScrapeManager& scraper) {
  std::string out = "{";
  Comma comma(out);
  for (const auto& [name, count] : scraper.dropped_counts()) {
    comma.next();
    append_json_string(out, name);
    out.push_back(':');
    append_json_int(out, static_cast<int64_t>(count));
  }
  out.push_back('}');
  return out;
}

void append_metadata_fields(std::string& out, const Metadata& metadata) {
  out.append("\"type\":");
  append_json_string(out, metric_type_name(metadata.type));
  append_field(out, "unit", metadata.unit);
  append_field(out, "help", metadata.help);
}

template <bool with_metric>
void append_target_metadata(std::string& out, const TargetMetadata& entry) {
  out.append("{\"target\":");
  append_json_labels(out, entry.target);
  if (with_metric) append_field(out, "metric", entry.metric);
  append_field(out, "type", metric_type_name(entry.metadata.type));
  append_field(out, "help", entry.metadata.help);
  append_field(out, "unit", entry.metadata.unit);
  out.push_back('}');
}

// The metadata of one metric.
struct KnownMetric {
  std::string name;
  std::vector<Metadata> known;
};

void append_known_metric(std::string& out, const KnownMetric& metric) {
  append_json_string(out, metric.name);
  out.append(":[");
  Comma comma(out);
  for (const Metadata& metadata : metric.known) {
    comma.next();
    out.push_back('{');
    append_metadata_fields(out, metadata);
    out.push_back('}');
  }
  out.push_back(']');
}

// The host of a URL's "host:port", and the port; false where there is no port.
bool split_host_port(std::string_view authority, std::string_view& host, std::string_view& port) {
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos) {
    return false;
  }
  host = authority.substr(0, colon);
  port = authority.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return true;
}

// Where others reach this server: "http://host:9090".
std::string own_address(const Exchange& exchange) {
  const std::string& external = exchange.options.external_url;
  if (const size_t host = external.find("://"); host != std::string::npos) {
    return external.substr(0, external.find('/', host + 3));
  }
  std::string_view host, port;
  split_host_port(exchange.options.listen_addresses.front(), host, port);
  return "http://" + exchange.services.runtime().hostname + ":" + std::string(port);
}

}  // namespace

std::string global_url(const std::string& url, std::string_view own, std::string_view listening) {
  const size_t begin = url.find("://");
  if (begin == std::string::npos) return url;
  const size_t end = std::min(url.find_first_of("/?#", begin + 3), url.size());
  std::string_view host, port, own_host, own_port, ignored, listen_port;
  if (!split_host_port(std::string_view(url).substr(begin + 3, end - begin - 3), host, port)) {
    return url;
  }
  if (host != "127.0.0.1" && host != "localhost" && host != "::1") return url;
  if (!split_host_port(listening, ignored, listen_port)) return url;
  if (port == listen_port) return std::string(own) + url.substr(end);
  const std::string_view own_authority = own.substr(own.find("://") + 3);
  if (!split_host_port(own_authority, own_host, own_port)) return url;
  return url.substr(0, begin + 3) + std::string(own_host) + ":" + std::string(port) +
         url.substr(end);
}

void append_active_target(std::string& out, const TargetStatus& target) {
  out.append("{\"discoveredLabels\":");
  append_json_labels(out, target.discovered_labels);
  out.append(",\"labels\":");
  append_json_labels(out, target.labels);
  append_field(out, "scrapePool", target.scrape_pool);
  append_field(out, "scrapeUrl", target.scrape_url);
  append_field(out, "globalUrl", target.global_url);
  append_field(out, "lastError", target.last_error);
  append_field(out, "lastScrape", time_text(target.last_scrape));
  out.append(",\"lastScrapeDuration\":");
  append_float_json(out, target.last_scrape_duration_seconds);
  append_field(out, "health", health_text(target.health));
  append_field(out, "scrapeInterval", duration_text(target.scrape_interval));
  append_field(out, "scrapeTimeout", duration_text(target.scrape_timeout));
  out.push_back('}');
}

void append_dropped_target(std::string& out, const DroppedTarget& target) {
  out.append("{\"discoveredLabels\":");
  append_json_labels(out, target.discovered_labels);
  append_field(out, "scrapePool", target.scrape_pool);
  out.push_back('}');
}

void api_targets(const Exchange& exchange, ApiAnswer& answer) {
  std::string state = exchange.param("state");
  std::transform(state.begin(), state.end(), state.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const bool any = state.empty() || state == "any";
  const std::string pool = exchange.param("scrapePool");
  const auto wanted = [&](const auto& target) {
    return pool.empty() || target.scrape_pool == pool;
  };
  const ScrapeManager& scraper = *exchange.services.scraper;
  std::vector<TargetStatus> active;
  std::vector<DroppedTarget> dropped;
  std::string counts = "null";
  if (any || state == "active") {
    active = scraper.active_targets();
    std::erase_if(active, std::not_fn(wanted));
    const std::string own = own_address(exchange);
    for (TargetStatus& target : active) {
      target.global_url =
          global_url(target.scrape_url, own, exchange.options.listen_addresses.front());
    }
  }
  if (any || state == "dropped") {
    dropped = scraper.dropped_targets();
    std::erase_if(dropped, std::not_fn(wanted));
    counts = dropped_counts_json(scraper);
  }
  answer.rest = std::make_unique<Sequence>(
      std::make_unique<JsonList<TargetStatus>>("{\"activeTargets\":[", std::move(active),
                                               append_active_target, "],"),
      std::make_unique<JsonList<DroppedTarget>>("\"droppedTargets\":[", std::move(dropped),
                                                append_dropped_target,
                                                "],\"droppedTargetCounts\":" + counts + "}"));
}

void api_targets_metadata(const Exchange& exchange, ApiAnswer& answer) {
  const int64_t limit = number_param(exchange, "limit");
  const std::string metric = exchange.param("metric");
  std::vector<Matcher> matchers;
  if (const std::string text = exchange.param("match_target"); !text.empty()) {
    matchers = checking_param("match_target", [&] { return promql::parse_metric_selector(text); });
  }
  std::vector<TargetMetadata> found = exchange.services.scraper->metadata(metric);
  std::erase_if(found, [&](const TargetMetadata& entry) {
    return !std::all_of(matchers.begin(), matchers.end(),
                        [&](const Matcher& m) { return m.matches(entry.target.view()); });
  });
  if (limit >= 0 && found.size() > static_cast<size_t>(limit)) {
    found.resize(static_cast<size_t>(limit));
  }
  const auto append = metric.empty() ? append_target_metadata<true> : append_target_metadata<false>;
  answer.rest = std::make_unique<JsonList<TargetMetadata>>("[", std::move(found), append, "]");
}

std::unique_ptr<BodySource> metadata_by_metric(std::vector<TargetMetadata> metadata, int64_t limit,
                                               int64_t limit_per_metric) {
  std::map<std::string_view, std::vector<const Metadata*>> by_metric;
  for (const TargetMetadata& entry : metadata) {
    std::vector<const Metadata*>& known = by_metric[entry.metric];
    const bool seen = std::any_of(known.begin(), known.end(),
                                  [&](const Metadata* m) { return *m == entry.metadata; });
    const bool enough =
        limit_per_metric > 0 && known.size() >= static_cast<size_t>(limit_per_metric);
    if (!seen && !enough) known.push_back(&entry.metadata);
  }
  std::vector<KnownMetric> metrics;
  for (const auto& [name, known] : by_metric) {
    if (limit >= 0 && metrics.size() >= static_cast<size_t>(limit)) break;
    KnownMetric& metric = metrics.emplace_back();
    metric.name = name;
    for (const Metadata* entry : known) metric.known.push_back(*entry);
  }
  return std::make_unique<JsonList<KnownMetric>>("{", std::move(metrics), append_known_metric, "}");
}

void api_metadata(const Exchange& exchange, ApiAnswer& answer) {
  const int64_t limit = number_param(exchange, "limit");
  const int64_t per_metric = number_param(exchange, "limit_per_metric");
  answer.rest = metadata_by_metric(exchange.services.scraper->metadata(exchange.param("metric")),
                                   limit, per_metric);
}

void api_scrape_pools(const Exchange& exchange, ApiAnswer& answer) {
  answer.data.append("{\"scrapePools\":");
  append_json_strings(answer.data, exchange.services.scraper->scrape_pools());
  answer.data.push_back('}');
}

std::string scrape_pool_yaml(std::string_view config, const std::string& pool) {
  constexpr std::string_view kItem = "- job_name: ";
  bool found = false;
  std::string yaml;
  while (!config.empty()) {
    const size_t end = std::min(config.find('\n'), config.size());
    const std::string_view line = config.substr(0, end);
    config.remove_prefix(std::min(end + 1, config.size()));
    if (line.starts_with(kItem)) {
      const std::string_view name = line.substr(kItem.size());
      found = name == pool || name == "\"" + pool + "\"" || name == "'" + pool + "'";
    } else if (!line.starts_with(' ')) {
      found = false;
    }
    if (found) yaml.append(line.substr(2)).append("\n");
  }
  return yaml;
}

void api_scrape_pool_config(const Exchange& exchange, ApiAnswer& answer) {
  const std::string pool = exchange.param("scrapePool");
  if (pool.empty()) throw Error(ErrorKind::kBadData, "no scrapePool parameter provided");
  if (exchange.services.scraper->pool_config(pool) == nullptr) {
    throw Error(ErrorKind::kBadData,
                "error getting scrape config: scrape pool " + go_quote(pool) + " not found");
  }
  answer.data.append("{\"yaml\":");
  append_json_string(answer.data, scrape_pool_yaml(exchange.services.config()->text, pool));
  answer.data.push_back('}');
}

}  // namespace hearth::web
