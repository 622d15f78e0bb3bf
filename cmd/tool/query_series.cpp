// hearthtool query series, labels: which series a server has, and which values a label.
#include "cmd/tool/api_client.h"
#include "cmd/tool/commands.h"
#include "cmd/tool/exit_code.h"
#include "cmd/tool/query_answer.h"

namespace hearth {
namespace {

using Show = std::string (*)(std::string_view data);

int ask(const CommandInput& input, Show text,
        const std::function<std::string(ApiClient&, const QueryParameters&)>& request) {
  ApiClient client(input.arguments[0], input.text("http.config.file"), {});
  return exit_code_of([&] {
    const QueryParameters parameters = series_parameters(input);
    return print_answer([&] { return request(client, parameters); },
                        [&](const std::string& data) {
                          return input.text("format") == "json" ? plain_json(data) : text(data);
                        });
  });
}

int query_series_verb(const CommandInput& input) {
  return ask(input, series_text, [](ApiClient& client, const QueryParameters& parameters) {
    return client.post("/api/v1/series", parameters);
  });
}

int query_labels(const CommandInput& input) {
  return ask(input, label_values_text, [&](ApiClient& client, const QueryParameters& parameters) {
    return client.get("/api/v1/label/" + path_escape(input.arguments[1]) + "/values", parameters);
  });
}

std::vector<CommandFlag> time_flags() {
  return {
      {.name = "start", .value_name = "START", .help = "Start time (RFC3339 or Unix timestamp)."},
      {.name = "end", .value_name = "END", .help = "End time (RFC3339 or Unix timestamp)."}};
}
CommandFlag match_flag(bool required) {
  return {.name = "match",
          .value_name = "MATCH",
          .help = "Series selector. Can be specified multiple times.",
          .repeatable = true,
          .required = required};
}

}  // namespace

Command query_series_command() {
  std::vector<CommandFlag> flags = time_flags();
  flags.insert(flags.begin(), match_flag(true));
  return {"query series",
          "Run series query.",
          std::move(flags),
          {{.name = "server", .help = "Prometheus server to query."}},
          query_series_verb};
}
Command query_labels_command() {
  std::vector<CommandFlag> flags = time_flags();
  flags.push_back(match_flag(false));
  return {"query labels",
          "Run labels query.",
          std::move(flags),
          {{.name = "server", .help = "Prometheus server to query."},
           {.name = "name", .help = "Label name to provide label values for."}},
          query_labels};
}

}  // namespace hearth
