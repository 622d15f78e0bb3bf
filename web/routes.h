// Which handler answers a method and a path: one table, and what Prometheus does with the rest.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "web/exchange.h"
#include "web/workers.h"

namespace hearth::web {

using Handler = void (*)(Exchange&);

enum Method : unsigned { kGet = 1, kHead = 2, kPost = 4, kPut = 8, kDelete = 16 };

struct Route {
  std::string_view path;  // a segment ":name" stands for any one; "*" at the end for the rest
  unsigned methods;       // those of Method
  Handler handler;
  bool needs_ready = false;
  Workers::Weight weight = Workers::Weight::kLight;
};

std::span<const Route> routes();

// The route of a path, without looking at the method; nullptr where there is none. `name` gets what
// stands for ":name".
const Route* find_route(std::string_view path, std::string& name);

bool allows(const Route& route, std::string_view method);

// Answers `exchange` by its method and path. Returns the route that did, nullptr where none did.
// Requires: options.route_prefix is route_prefix(options).
const Route* answer_route(Exchange& exchange);

// The path of the external URL: "/prom", "" when there is none.
std::string external_path(const Options& options);
// Under which path the routes are: --web.route-prefix, else external_path(). "" = the root.
std::string route_prefix(const Options& options);

}  // namespace hearth::web
