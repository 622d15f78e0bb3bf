// hearthtool check healthy, check ready: asks a server how it is.
#include <fmt/format.h>

#include "cmd/tool/api_client.h"
#include "cmd/tool/commands.h"
#include "core/error.h"

namespace hearth {
namespace {

int check_server(const CommandInput& input, const std::string& path) {
  ApiClient client(input.text("url"), input.text("http.config.file"), {});
  try {
    const std::string body = client.get(path);
    fmt::print(stderr, "  SUCCESS:  {}\n", body);  // where promtool prints it
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
int check_healthy(const CommandInput& input) { return check_server(input, "/-/healthy"); }
int check_ready(const CommandInput& input) { return check_server(input, "/-/ready"); }

std::vector<CommandFlag> server_flags() {
  return {{.name = "http.config.file",
           .value_name = "<filename>",
           .help = "HTTP client configuration file for promtool to connect to Prometheus.",
           .kind = CommandFlag::Kind::kFile},
          {.name = "url",
           .value_name = "URL",
           .fallback = "http://localhost:9090",
           .help = "The URL for the Prometheus server."}};
}

}  // namespace

Command check_healthy_command() {
  return {"check healthy",
          "Check if the Prometheus server is healthy.",
          server_flags(),
          {},
          check_healthy};
}
Command check_ready_command() {
  return {
      "check ready", "Check if the Prometheus server is ready.", server_flags(), {}, check_ready};
}

}  // namespace hearth
