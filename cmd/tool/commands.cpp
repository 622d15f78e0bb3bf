#include "cmd/tool/commands.h"

#include "cmd/build_info.h"
#include "cmd/tool/features.h"

namespace hearth {
namespace {

Command group(std::string_view path, std::string_view help, std::vector<CommandFlag> flags = {}) {
  return Command{path, help, std::move(flags), {}, nullptr};
}

CommandFlag http_config_flag() {
  return {.name = "http.config.file",
          .value_name = "<filename>",
          .help = "HTTP client configuration file for promtool to connect to Prometheus.",
          .kind = CommandFlag::Kind::kFile};
}

std::vector<Command> all_commands() {
  std::vector<Command> all = {
      group("check", "Check the resources for validity.",
            {{.name = "query.lookback-delta",
              .value_name = "DURATION",
              .fallback = "5m",
              .help = "The server's maximum query lookback duration.",
              .kind = CommandFlag::Kind::kDuration},
             {.name = "extended",
              .help = "Print extended information related to the cardinality of the metrics."}}),
      check_service_discovery_command(),
      check_config_command(),
      check_web_config_command(),
      check_healthy_command(),
      check_ready_command(),
      check_rules_command(),
      check_metrics_command()};
  all.push_back(group("query", "Run query against a Prometheus server.",
                      {{.name = "format",
                        .value_name = "FORMAT",
                        .fallback = "promql",
                        .help = "Output format of the query.",
                        .letter = 'o',
                        .choices = "promql,json,table,csv,plot"},
                       http_config_flag()}));
  all.push_back(query_instant_command());
  all.push_back(query_range_command());
  all.push_back(query_series_command());
  all.push_back(query_labels_command());
  all.push_back(query_analyze_command());
  all.push_back(query_prompt_command());
  all.push_back(group("debug", "Fetch debug information."));
  for (Command& command : debug_commands()) all.push_back(std::move(command));
  all.push_back(group("push", "Push to a Prometheus server.", {http_config_flag()}));
  all.push_back(push_metrics_command());
  all.push_back(group("test", "Unit testing.",
                      {{.name = "junit",
                        .value_name = "JUNIT",
                        .help = "File path to store JUnit XML test results."}}));
  all.push_back(test_rules_command());
  all.push_back(group("tsdb", "Run tsdb commands."));
  all.push_back(group("tsdb bench", "Run benchmarks."));
  all.push_back(tsdb_bench_write_command());
  all.push_back(tsdb_analyze_command());
  all.push_back(tsdb_list_command());
  all.push_back(tsdb_verify_command());
  all.push_back(tsdb_dump_command());
  all.push_back(tsdb_dump_openmetrics_command());
  all.push_back(
      group("tsdb create-blocks-from",
            "[Experimental] Import samples from input and produce TSDB blocks. Please "
            "refer to the storage docs for more details.",
            {{.name = "human-readable", .help = "Print human readable values.", .letter = 'r'},
             {.name = "quiet", .help = "Do not print created blocks.", .letter = 'q'}}));
  all.push_back(create_blocks_openmetrics_command());
  all.push_back(create_blocks_rules_command());
  all.push_back(
      group("promql", "PromQL formatting and editing. Requires the --experimental flag."));
  all.push_back(promql_format_command());
  all.push_back(group("promql label-matchers",
                      "Edit label matchers contained within an existing PromQL query."));
  all.push_back(promql_set_matcher_command());
  all.push_back(promql_delete_matcher_command());
  return all;
}

}  // namespace

Program tool_program(const std::string& name) {
  static const std::vector<Command> commands = all_commands();
  return Program{name, "Tooling for the Prometheus monitoring system.", version_text(name),
                 tool_flags(), commands};
}

}  // namespace hearth
