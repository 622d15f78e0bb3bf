#include "web/cross_site.h"

#include <algorithm>
#include <array>

#include "core/regex.h"
#include "web/server.h"

namespace hearth::web {
namespace {

constexpr std::array<std::string_view, 4> kChanging = {"/-/", "/api/v1/admin/", "/api/v1/write",
                                                       "/api/v1/otlp/"};

bool changes_something(const Exchange& exchange) {
  const std::string_view method = exchange.method();
  if (method == "GET" || method == "HEAD" || method == "OPTIONS") return false;
  if (method == "DELETE") return true;
  std::string_view path = exchange.path();
  path.remove_prefix(std::min(exchange.options.route_prefix.size(), path.size()));
  return std::any_of(kChanging.begin(), kChanging.end(),
                     [&](std::string_view start) { return path.starts_with(start); });
}

}  // namespace

bool made_by_another_site(const Exchange& exchange) {
  if (exchange.header("Sec-Fetch-Site") != "cross-site" || !changes_something(exchange)) {
    return false;
  }
  const std::string& allowed = exchange.options.cors_origin;
  return allowed == Options().cors_origin ||
         !Regex(allowed).matches(std::string(exchange.header("Origin")));
}

}  // namespace hearth::web
