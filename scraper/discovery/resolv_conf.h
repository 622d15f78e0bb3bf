// The system's resolv.conf: whom to ask for names, and what a name may stand for. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearth {

struct ResolvConf {
  std::vector<std::string> servers;  // addresses; with brackets and a port only where it is not 53
  std::vector<std::string> search;
  size_t ndots = 1;
};

ResolvConf parse_resolv_conf(std::string_view text);

// The full names, each with its final dot, to be tried one after another.
std::vector<std::string> names_to_try(const ResolvConf& conf, std::string_view name);

}  // namespace hearth
