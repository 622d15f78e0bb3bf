#include "web/api_document.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "core/json.h"
#include "web/routes.h"

namespace hearth::web {
namespace {

constexpr std::string_view kApi = "/api/v1";

// "/label/:name/values" -> "/label/{name}/values"; `name` gets what stands between the braces.
std::string with_braces(std::string_view path, std::string& name) {
  const size_t colon = path.find(':');
  if (colon == std::string_view::npos) return std::string(path);
  const size_t end = std::min(path.find('/', colon), path.size());
  name = path.substr(colon + 1, end - colon - 1);
  return std::string(path.substr(0, colon)) + "{" + name + "}" + std::string(path.substr(end));
}

struct MethodName {
  unsigned bit;
  std::string_view name;
};
constexpr MethodName kMethods[] = {
    {kGet, "get"}, {kPost, "post"}, {kPut, "put"}, {kDelete, "delete"}};

void append_operation(std::string& out, std::string_view method, const std::string& name) {
  out.append("    ").append(method).append(":\n");
  if (!name.empty()) {
    out.append("      parameters:\n        - {name: ").append(name);
    out += ", in: path, required: true, schema: {type: string}}\n";
  }
  out +=
      "      responses:\n"
      "        \"200\": {description: The answer.}\n"
      "        default: {$ref: \"#/components/responses/Error\"}\n";
}

std::string make_document(const BuildInfo& build) {
  std::string out =
      "openapi: 3.1.0\n"
      "info:\n"
      "  title: HTTP API v1\n"
      "  version: \"" +
      build.version +
      "\"\n"
      "servers:\n"
      "  - url: /api/v1\n"
      "paths:\n";
  std::map<std::string, std::string> paths;
  for (const Route& route : routes()) {
    if (!route.path.starts_with(kApi)) continue;
    std::string name;
    std::string& operations = paths[with_braces(route.path.substr(kApi.size()), name)];
    for (const MethodName& method : kMethods) {
      if ((route.methods & method.bit) != 0) append_operation(operations, method.name, name);
    }
  }
  for (const auto& [path, operations] : paths) {
    out.append("  ").append(path).append(":\n").append(operations);
  }
  out +=
      "components:\n"
      "  responses:\n"
      "    Error:\n"
      "      description: What was wrong.\n"
      "      content:\n"
      "        application/json:\n"
      "          schema:\n"
      "            type: object\n"
      "            properties:\n"
      "              status: {type: string, const: error}\n"
      "              errorType: {type: string}\n"
      "              error: {type: string}\n"
      "            required: [status, errorType, error]\n";
  return out;
}

using Features = std::map<std::string, std::map<std::string, bool>>;

Features features(const Exchange& exchange) {
  Features all;
  all["api"] = {{"admin", exchange.options.enable_admin_api},
                {"exclude_alerts", true},
                {"label_values_match", true},
                {"lifecycle", exchange.options.enable_lifecycle},
                {"query_stats", true},
                {"query_warnings", true},
                {"remote_write_receiver", exchange.services.remote_write != nullptr},
                {"time_range_labels", true},
                {"time_range_series", true}};
  all["otlp_receiver"] = {};
  const promql::EngineOptions& engine = exchange.services.engine->options();
  all["promql"] = {{"at_modifier", true},
                   {"bool", true},
                   {"by", true},
                   {"delayed_name_removal", engine.delayed_name_removal},
                   {"group_left", true},
                   {"group_right", true},
                   {"ignoring", true},
                   {"negative_offset", true},
                   {"offset", true},
                   {"on", true},
                   {"per_step_stats", engine.per_step_stats},
                   {"subqueries", true},
                   {"without", true}};
  all["remote_write"] = {{"remote_read_samples", true}, {"remote_read_streamed_chunks", true}};
  all["rules"] = {};
  all["tsdb"] = {{"exemplars", true}, {"native_histograms", true}, {"out_of_order", true}};
  return all;
}

}  // namespace

void openapi_document(Exchange& exchange) {
  set_cors_headers(exchange);
  exchange.answer(200, make_document(exchange.services.build), "application/yaml; charset=utf-8");
}

void api_features(const Exchange& exchange, ApiAnswer& answer) {
  std::string& out = answer.data;
  out.push_back('{');
  Comma comma(out);
  for (const auto& [category, named] : features(exchange)) {
    comma.next();
    append_json_string(out, category);
    out += ":{";
    Comma inner(out);
    for (const auto& [name, on] : named) {
      inner.next();
      append_json_string(out, name);
      out += on ? ":true" : ":false";
    }
    out.push_back('}');
  }
  out.push_back('}');
}

}  // namespace hearth::web
