#include "web/routes.h"

#include <algorithm>

#include "web/api_admin.h"
#include "web/api_document.h"
#include "web/api_exemplars.h"
#include "web/api_parse.h"
#include "web/api_past.h"
#include "web/api_queries.h"
#include "web/api_query.h"
#include "web/api_relabel.h"
#include "web/api_rules.h"
#include "web/api_search.h"
#include "web/api_series.h"
#include "web/api_status.h"
#include "web/api_targets.h"
#include "web/consoles.h"
#include "web/dashboards.h"
#include "web/debug.h"
#include "web/federate.h"
#include "web/health.h"
#include "web/remote_read.h"
#include "web/remote_write.h"
#include "web/self_metrics.h"
#include "web/ui.h"
#include "web/url.h"

namespace hearth::web {
namespace {

constexpr std::string_view kApi = "/api/v1/";

template <ApiHandler handler>
void api(Exchange& exchange) {
  answer_api(exchange, handler);
}

constexpr auto kHeavy = Workers::Weight::kHeavy;

constexpr Route kRoutes[] = {
    {"/api/v1/query", kGet | kPost, api<api_query>, true, kHeavy},
    {"/api/v1/query_range", kGet | kPost, api<api_query_range>, true, kHeavy},
    {"/api/v1/query_exemplars", kGet | kPost, api<api_query_exemplars>, true},
    {"/api/v1/format_query", kGet | kPost, api<api_format_query>, true},
    {"/api/v1/parse_query", kGet | kPost, api<api_parse_query>, true},
    {"/api/v1/labels", kGet | kPost, api<api_labels>, true, kHeavy},
    {"/api/v1/label/:name/values", kGet, api<api_label_values>, true, kHeavy},
    {"/api/v1/series", kGet | kPost, api<api_series>, true, kHeavy},
    {"/api/v1/series", kDelete, api<api_drop_series>, true},
    {"/api/v1/search/metric_names", kGet | kPost, search_metric_names, true, kHeavy},
    {"/api/v1/search/label_names", kGet | kPost, search_label_names, true, kHeavy},
    {"/api/v1/search/label_values", kGet | kPost, search_label_values, true, kHeavy},
    {"/api/v1/metadata", kGet, api<api_metadata>, true},
    {"/api/v1/targets", kGet, api<api_targets>, true},
    {"/api/v1/targets/metadata", kGet, api<api_targets_metadata>, true},
    {"/api/v1/targets/relabel_steps", kGet, api<api_relabel_steps>, true},
    {"/api/v1/scrape_pools", kGet, api<api_scrape_pools>, true},
    {"/api/v1/scrape_pools/config", kGet, api<api_scrape_pool_config>, true},
    {"/api/v1/rules", kGet, api<api_rules>, true},
    {"/api/v1/alerts", kGet, api<api_alerts>, true},
    {"/api/v1/alertmanagers", kGet, api<api_alertmanagers>, true},
    {"/api/v1/notifications", kGet, api<api_notifications>},
    {"/api/v1/notifications/live", kGet, api<api_live_notifications>},
    {"/api/v1/features", kGet, api<api_features>, true},
    {"/api/v1/openapi.yaml", kGet, openapi_document},
    {"/api/v1/status/config", kGet, api<api_config>, true},
    {"/api/v1/status/runtimeinfo", kGet, api<api_runtime_info>, true},
    {"/api/v1/status/buildinfo", kGet, api<api_build_info>, true},
    {"/api/v1/status/flags", kGet, api<api_flags>, true},
    {"/api/v1/status/queries", kGet, api<api_queries>, true},
    {"/api/v1/status/top_queries", kGet, api<api_top_queries>, true},
    {"/api/v1/status/metric_use", kGet, api<api_metric_use>, true},
    {"/api/v1/dashboards", kGet, api<api_dashboards>},
    {"/api/v1/dashboards/:name", kGet, api<api_dashboard>},
    {"/api/v1/status/queries/:id", kGet, api<api_running_query>, true},
    {"/api/v1/status/queries/:id", kDelete, api<api_cancel_query>, true},
    {"/api/v1/status/tsdb", kGet, api<api_tsdb>, true, kHeavy},
    {"/api/v1/status/tsdb/blocks", kGet, api<api_tsdb_blocks>, true},
    {"/api/v1/status/walreplay", kGet, api<api_wal_replay>},
    {"/api/v1/status/self_metrics", kGet, api<api_self_metrics>, true},
    {"/api/v1/admin/tsdb/snapshot", kPost | kPut, api<api_snapshot>, true, kHeavy},
    {"/api/v1/admin/tsdb/delete_series", kPost | kPut, api<api_delete_series>, true, kHeavy},
    {"/api/v1/admin/tsdb/clean_tombstones", kPost | kPut, api<api_clean_tombstones>, true, kHeavy},
    {"/api/v1/read", kPost, remote_read, true, kHeavy},
    {"/api/v1/write", kPost, remote_write, true},
    {"/api/v1/otlp/v1/metrics", kPost, otlp_off, true},

    {"/-/healthy", kGet | kHead, healthy},
    {"/-/ready", kGet | kHead, ready},
    {"/-/reload", kGet | kPost | kPut, reload, true},
    {"/-/quit", kGet | kPost | kPut, quit},
    {"/metrics", kGet, metrics},
    {"/version", kGet, version},
    {"/federate", kGet, federate, true, kHeavy},
    {"/debug/pprof/", kGet | kPost, debug_index},
    {"/debug/pprof/:name", kGet | kPost, debug_profile},
    {"/consoles/*", kGet, no_console, true},

    {"/", kGet, ui_home},
    {"/graph", kGet, ui_graph},
    {"/query", kGet, ui_page, true},
    {"/dashboards", kGet, ui_page, true},
    {"/queries", kGet, ui_page, true},
    {"/alerts", kGet, ui_page, true},
    {"/rules", kGet, ui_page, true},
    {"/targets", kGet, ui_page, true},
    {"/service-discovery", kGet, ui_page, true},
    {"/alertmanager-discovery", kGet, ui_page, true},
    {"/tsdb-status", kGet, ui_page, true},
    {"/status", kGet, ui_page, true},
    {"/config", kGet, ui_page, true},
    {"/flags", kGet, ui_page, true},
    {"/app.js", kGet, ui_asset},
    {"/app.css", kGet, ui_asset},
    {"/favicon.svg", kGet, ui_asset},
};

struct NamedMethod {
  std::string_view name;
  unsigned bit;
};
constexpr NamedMethod kMethods[] = {  // in the order of an Allow header; OPTIONS comes by itself
    {"DELETE", kDelete}, {"GET", kGet},   {"HEAD", kHead},
    {"OPTIONS", 0},      {"POST", kPost}, {"PUT", kPut}};

// Whether `path` is what `pattern` stands for.
bool matches(std::string_view pattern, std::string_view path, std::string& name) {
  if (pattern.ends_with('*')) {
    pattern.remove_suffix(1);
    if (!path.starts_with(pattern)) return false;
    name = path.substr(pattern.size());
    return true;
  }
  const size_t colon = pattern.find(':');
  if (colon == std::string_view::npos) return pattern == path;
  const std::string_view before = pattern.substr(0, colon);
  const size_t end = std::min(pattern.find('/', colon), pattern.size());
  const std::string_view after = pattern.substr(end);
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) ||
      !path.ends_with(after)) {
    return false;
  }
  const std::string_view middle =
      path.substr(before.size(), path.size() - before.size() - after.size());
  if (middle.find('/') != std::string_view::npos) return false;
  name = middle;
  return true;
}

// The route of the same path that takes `method`; nullptr where there is none.
const Route* find_method(const Route& route, std::string_view method) {
  const auto found = std::find_if(std::begin(kRoutes), std::end(kRoutes), [&](const Route& other) {
    return other.path == route.path && allows(other, method);
  });
  return found == std::end(kRoutes) ? nullptr : found;
}

void answer_other_method(Exchange& exchange, const Route& route) {
  std::string allow;
  for (const NamedMethod& method : kMethods) {
    if (method.bit != 0 && find_method(route, method.name) == nullptr) continue;
    allow.append(allow.empty() ? "" : ", ").append(method.name);
  }
  exchange.set_header("Allow", allow);
  if (exchange.method() == "OPTIONS") return exchange.answer_empty(200);
  exchange.answer_error_text(405, "Method Not Allowed");
}

std::string without_last_slash(std::string path) {
  if (path.ends_with('/')) path.pop_back();
  return path;
}

void redirect_to_path(Exchange& exchange, int status, const std::string& path) {
  std::string location = url_encode_path(path);
  if (!exchange.query().empty()) location.append("?").append(exchange.query());
  exchange.redirect(status, location);
}

struct Place {
  std::string path;  // "": nowhere
  int status = 301;
};

// Where a path that is not clean, or misses or has a last slash, leads.
Place other_place(std::string_view path, std::string_view method, const std::string& prefix) {
  if (path == "*") return {};
  if (std::string clean = clean_path(path); clean != path) return {clean};
  const std::string with_slash = std::string(path) + "/";
  const bool home = with_slash == prefix + "/" && method == "GET";
  if (home || with_slash == prefix + std::string(kApi)) return {with_slash};
  const std::string below = prefix + "/";
  if (!path.ends_with('/') || !path.starts_with(below) || path == below) return {};
  path.remove_suffix(1);
  std::string name;
  const Route* const route = find_route(path.substr(prefix.size()), name);
  if (route == nullptr || find_method(*route, method) == nullptr) return {};
  return {std::string(path), method == "GET" ? 301 : 307};
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

bool allows(const Route& route, std::string_view method) {
  return std::any_of(std::begin(kMethods), std::end(kMethods), [&](const NamedMethod& m) {
    return m.name == method && (route.methods & m.bit) != 0;
  });
}

const Route* find_route(std::string_view path, std::string& name) {
  const auto found = std::find_if(std::begin(kRoutes), std::end(kRoutes), [&](const Route& route) {
    return matches(route.path, path, name);
  });
  return found == std::end(kRoutes) ? nullptr : found;
}

std::string external_path(const Options& options) {
  const std::string& url = options.external_url;
  const size_t scheme = url.find("://");
  const size_t path = scheme == std::string::npos ? std::string::npos : url.find('/', scheme + 3);
  return path == std::string::npos ? std::string()
                                   : without_last_slash(clean_path(url.substr(path)));
}

std::string route_prefix(const Options& options) {
  if (options.route_prefix.empty()) return external_path(options);
  return without_last_slash(clean_path("/" + options.route_prefix));
}

const Route* answer_route(Exchange& exchange) {
  const std::string& prefix = exchange.options.route_prefix;
  std::string_view path = exchange.path();
  if (const Place place = other_place(path, exchange.method(), prefix); !place.path.empty()) {
    redirect_to_path(exchange, place.status, place.path);
    return nullptr;
  }
  if (!prefix.empty() && path == "/") {
    std::string none;
    if (exchange.method() == "GET") {
      exchange.redirect(302, prefix);
    } else {
      answer_other_method(exchange, *find_route("/", none));
    }
    return nullptr;
  }
  // The prefix of the API is one only where none of it is escaped, as in Prometheus.
  const std::string api = prefix + std::string(kApi);
  const bool hidden = path.starts_with(api) && !exchange.raw_path().starts_with(api);
  const bool ours = path.starts_with(prefix + "/") && !hidden;
  if (ours) path.remove_prefix(prefix.size());
  if (ours && exchange.method() == "OPTIONS" && path.starts_with(kApi)) {
    set_cors_headers(exchange);
    exchange.answer_empty(204);
    return nullptr;
  }
  const Route* const route = ours ? find_route(path, exchange.name) : nullptr;
  if (route == nullptr) {
    exchange.answer_error_text(404, "404 page not found");
    return nullptr;
  }
  const Route* const allowed = find_method(*route, exchange.method());
  if (allowed == nullptr) {
    answer_other_method(exchange, *route);
  } else if (allowed->needs_ready && !exchange.ready) {
    answer_not_ready(exchange);
  } else {
    allowed->handler(exchange);
  }
  return allowed;
}

}  // namespace hearth::web
