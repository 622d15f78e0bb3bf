#include "cmd/tool/query_source.h"

#include "cmd/tool/api_client.h"
#include "cmd/tool/data_dir_source.h"
#include "cmd/tool/features.h"
#include "cmd/tool/query_output.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

constexpr DurationMs kLongestList = 3'000;  // somebody waits at a prompt

// One thread.
class ServerSource final : public QuerySource {
 public:
  ServerSource(const std::string& server, const std::string& http_config_file,
               std::vector<std::string> headers)
      : client_(server, http_config_file, std::move(headers)) {}

  std::string instant(const std::string& query, double time) override {
    return client_.post("/api/v1/query", {{"query", {query}}, {"time", {float_f(time)}}});
  }
  std::string range(const std::string& query, double start, double end, double step) override {
    return client_.post("/api/v1/query_range", {{"query", {query}},
                                                {"start", {float_f(start)}},
                                                {"end", {float_f(end)}},
                                                {"step", {float_f(step)}}});
  }
  std::vector<std::string> label_names(const std::string& metric) override {
    return list("/api/v1/labels", metric);
  }
  std::vector<std::string> label_values(const std::string& label,
                                        const std::string& metric) override {
    return list("/api/v1/label/" + path_escape(label) + "/values", metric);
  }

 private:
  std::vector<std::string> list(const std::string& path, const std::string& metric) {
    QueryParameters parameters = {{"limit", {"100000"}}};
    if (!metric.empty()) parameters["match[]"] = {"{__name__=" + go_quote(metric) + "}"};
    return text_list(read_api_answer(client_.get(path, parameters, kLongestList)).json);
  }

  ApiClient client_;
};

// "--header key=value" to "key: value"
std::vector<std::string> header_lines(const std::vector<std::string>& headers) {
  std::vector<std::string> out;
  for (const auto& [name, value] : key_value_pairs(headers)) out.push_back(name + ": " + value);
  return out;
}

}  // namespace

std::unique_ptr<QuerySource> make_server_source(const std::string& server,
                                                const std::string& http_config_file,
                                                std::vector<std::string> headers) {
  return std::make_unique<ServerSource>(server, http_config_file, std::move(headers));
}

std::unique_ptr<QuerySource> make_query_source(const CommandInput& input) {
  if (input.given("data-dir")) {
    return make_data_dir_source(input.text("data-dir"), tool_features(input));
  }
  const bool with_headers = input.flags.count("header") != 0;
  return make_server_source(
      input.argument(0, "http://localhost:9090"), input.text("http.config.file"),
      with_headers ? header_lines(input.texts("header")) : std::vector<std::string>());
}

CommandFlag data_dir_flag() {
  return {.name = "data-dir",
          .value_name = "DIR",
          .help = "Read this data directory instead of asking a server.",
          .ours = true,
          .instead_of_argument = true};
}

}  // namespace hearth
