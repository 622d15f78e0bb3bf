#include "web/api_targets.h"

#include <algorithm>
#include <map>

#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/json.h"
#include "query/parser.h"
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

void append_metadata_fields(std::string& out, const Metadata& metadata) {
  out.append("\"type\":");
  append_json_string(out, metric_type_name(metadata.type));
  append_field(out, "unit", metadata.unit);
  append_field(out, "help", metadata.help);
}

}  // namespace

void append_active_target(std::string& out, const TargetStatus& target) {
  out.append("{\"discoveredLabels\":");
  append_json_label_map(out, target.discovered_labels);
  out.append(",\"labels\":");
  append_json_label_map(out, target.labels);
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
  append_json_label_map(out, target.discovered_labels);
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
  std::string& out = answer.data;

  out.append("{\"activeTargets\":[");
  if (any || state == "active") {
    Comma comma(out);
    for (const TargetStatus& target : scraper.active_targets()) {
      if (!wanted(target)) continue;
      comma.next();
      append_active_target(out, target);
    }
  }
  out.append("],\"droppedTargets\":[");
  if (!any && state != "dropped") {
    out.append("],\"droppedTargetCounts\":null}");
    return;
  }
  Comma comma(out);
  for (const DroppedTarget& target : scraper.dropped_targets()) {
    if (!wanted(target)) continue;
    comma.next();
    append_dropped_target(out, target);
  }
  out.append("],\"droppedTargetCounts\":{");
  Comma count_comma(out);
  for (const auto& [name, count] : scraper.dropped_counts()) {
    count_comma.next();
    append_json_string(out, name);
    out.push_back(':');
    append_json_int(out, static_cast<int64_t>(count));
  }
  out.append("}}");
}

void api_targets_metadata(const Exchange& exchange, ApiAnswer& answer) {
  const int64_t limit = number_param(exchange, "limit");
  const std::string metric = exchange.param("metric");
  std::vector<Matcher> matchers;
  if (const std::string text = exchange.param("match_target"); !text.empty()) {
    matchers = checking_param("match_target", [&] { return promql::parse_metric_selector(text); });
  }
  std::string& out = answer.data;
  out.push_back('[');
  Comma comma(out);
  int64_t count = 0;
  for (const TargetMetadata& entry : exchange.services.scraper->metadata(metric)) {
    if (limit >= 0 && count >= limit) break;
    const bool matches = std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) {
      return m.matches(entry.target.view());
    });
    if (!matches) continue;
    ++count;
    comma.next();
    out.append("{\"target\":");
    append_json_label_map(out, entry.target);
    if (metric.empty()) append_field(out, "metric", entry.metric);
    append_field(out, "type", metric_type_name(entry.metadata.type));
    append_field(out, "help", entry.metadata.help);
    append_field(out, "unit", entry.metadata.unit);
    out.push_back('}');
  }
  out.push_back(']');
}

void append_metadata_by_metric(std::string& out, std::span<const TargetMetadata> metadata,
                               int64_t limit, int64_t limit_per_metric) {
  std::map<std::string_view, std::vector<const Metadata*>> by_metric;
  for (const TargetMetadata& entry : metadata) {
    std::vector<const Metadata*>& known = by_metric[entry.metric];
    const bool seen = std::any_of(known.begin(), known.end(),
                                  [&](const Metadata* m) { return *m == entry.metadata; });
    if (!seen) known.push_back(&entry.metadata);
  }
  out.push_back('{');
  Comma comma(out);
  int64_t metrics = 0;
  for (const auto& [metric, known] : by_metric) {
    if (limit >= 0 && metrics++ >= limit) break;
    comma.next();
    append_json_string(out, metric);
    out.append(":[");
    Comma inner(out);
    int64_t shown = 0;
    for (const Metadata* entry : known) {
      if (limit_per_metric > 0 && shown++ >= limit_per_metric) break;
      inner.next();
      out.push_back('{');
      append_metadata_fields(out, *entry);
      out.push_back('}');
    }
    out.push_back(']');
  }
  out.push_back('}');
}

void api_metadata(const Exchange& exchange, ApiAnswer& answer) {
  const int64_t limit = number_param(exchange, "limit");
  const int64_t per_metric = number_param(exchange, "limit_per_metric");
  const std::vector<TargetMetadata> metadata =
      exchange.services.scraper->metadata(exchange.param("metric"));
  append_metadata_by_metric(answer.data, metadata, limit, per_metric);
}

void api_scrape_pools(const Exchange& exchange, ApiAnswer& answer) {
  answer.data.append("{\"scrapePools\":");
  append_json_strings(answer.data, exchange.services.scraper->scrape_pools());
  answer.data.push_back('}');
}

}  // namespace hearth::web
