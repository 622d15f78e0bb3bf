#include "cmd/tool/features.h"

#include <fmt/format.h>

#include <cstdio>

namespace hearth {

std::vector<CommandFlag> tool_flags() {
  return {{.name = "experimental", .help = "Enable experimental commands."},
          {.name = "enable-feature",
           .value_name = "=",
           .help = "Comma separated feature names to enable. Valid options: "
                   "promql-experimental-functions, promql-delayed-name-removal. See "
                   "https://prometheus.io/docs/prometheus/latest/feature_flags/ for more details",
           .repeatable = true}};
}

promql::EngineOptions tool_features(const CommandInput& input) {
  promql::EngineOptions out;
  for (const std::string& names : input.texts("enable-feature")) {
    std::string_view rest = names;
    while (!rest.empty()) {
      const std::string_view name = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
      if (name == "promql-experimental-functions") {
        out.parse.experimental_functions = true;
      } else if (name == "promql-extended-range-selectors") {
        out.parse.extended_range_selectors = true;
      } else if (name == "promql-binop-fill-modifiers") {
        out.parse.binop_fill_modifiers = true;
      } else if (name == "promql-delayed-name-removal") {
        out.delayed_name_removal = true;
      } else if (!name.empty() && name != "promql-duration-expr") {
        fmt::print("  WARNING: Unknown feature passed to --enable-feature: {}", name);
      }
    }
  }
  return out;
}

bool refuse_without_experimental(const CommandInput& input) {
  if (input.on("experimental")) return false;
  std::fputs("This command is experimental and requires the --experimental flag to be set.\n",
             stderr);
  return true;
}

}  // namespace hearth
