// hearthtool check web-config: files of --web.config.file.
#include <fmt/format.h>

#include <cstdio>

#include "cmd/tool/commands.h"
#include "core/error.h"
#include "web/web_config_file.h"

namespace hearth {
namespace {

int check_web_configs(const CommandInput& input) {
  int code = 0;
  for (const std::string& path : input.arguments) {
    try {
      web::check_web_config(path);
      fmt::print(stderr, "{} SUCCESS\n", path);
    } catch (const Error& error) {
      fmt::print(stderr, "{} FAILED: {}\n", path, error.what());
      code = 1;
    }
  }
  return code;
}

}  // namespace

Command check_web_config_command() {
  return {"check web-config",
          "Check if the web config files are valid or not.",
          {},
          {{.name = "web-config-files",
            .help = "The config files to check.",
            .repeated = true,
            .file = true}},
          check_web_configs};
}

}  // namespace hearth
