// hearthtool query instant: one query, at one time.
#include "cmd/tool/commands.h"
#include "cmd/tool/exit_code.h"
#include "cmd/tool/query_answer.h"
#include "cmd/tool/query_source.h"
#include "cmd/tool/tool_time.h"

namespace hearth {
namespace {

int query_instant(const CommandInput& input) {
  const std::unique_ptr<QuerySource> source = make_query_source(input);
  return exit_code_of([&] {
    const double time = time_or(input, "time", now_seconds(), "evaluation time");
    return print_answer(
        [&] { return source->instant(input.arguments.back(), time); },
        [&](const std::string& data) { return formatted_result(input.text("format"), data); });
  });
}

}  // namespace

Command query_instant_command() {
  return {"query instant",
          "Run instant query.",
          {data_dir_flag(),
           {.name = "time",
            .value_name = "TIME",
            .help = "Query evaluation time (RFC3339 or Unix timestamp)."}},
          {{.name = "server", .help = "Prometheus server to query."},
           {.name = "expr", .help = "PromQL query expression."}},
          query_instant};
}

}  // namespace hearth
