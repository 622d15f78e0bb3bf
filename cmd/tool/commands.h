// The verbs of hearthtool, each made in the file of its name; commands.cpp has the table.
#pragma once

#include <string>
#include <vector>

#include "cmd/tool/command_line.h"

namespace hearth {

Program tool_program(const std::string& name);

Command check_service_discovery_command();
Command check_config_command();
Command check_web_config_command();
Command check_healthy_command();
Command check_ready_command();
Command check_rules_command();
Command check_metrics_command();

Command test_rules_command();

Command query_instant_command();
Command query_range_command();
Command query_series_command();
Command query_labels_command();
Command query_analyze_command();
Command query_prompt_command();

std::vector<Command> debug_commands();
Command push_metrics_command();

Command tsdb_bench_write_command();
Command tsdb_analyze_command();
Command tsdb_list_command();
Command tsdb_verify_command();
Command tsdb_dump_command();
Command tsdb_dump_openmetrics_command();
Command create_blocks_openmetrics_command();
Command create_blocks_rules_command();

Command promql_format_command();
Command promql_set_matcher_command();
Command promql_delete_matcher_command();

}  // namespace hearth
