#include "cmd/tool/query_answer.h"

#include <unistd.h>

#include "cmd/tool/exit_code.h"
#include "cmd/tool/plot.h"
#include "cmd/tool/tool_time.h"
#include "core/go_text.h"

namespace hearth {
namespace {

constexpr double kUnboundedSeconds = 9999 * 3600.0;  // promtool's stand-in for "all times"

}  // namespace

double time_or(const CommandInput& input, std::string_view flag, double otherwise,
               const char* what) {
  if (!input.given(flag)) return otherwise;
  try {
    return parse_tool_time(input.text(flag));
  } catch (const Error& error) {
    throw Error(ErrorKind::kBadData, std::string("error parsing ") + what + ": " + error.what());
  }
}

QueryParameters series_parameters(const CommandInput& input) {
  const double now = now_seconds();
  QueryParameters parameters{
      {"start", {float_f(time_or(input, "start", now - kUnboundedSeconds, "start time"))}},
      {"end", {float_f(time_or(input, "end", now + kUnboundedSeconds, "end time"))}}};
  for (const std::string& match : input.texts("match")) {
    if (!match.empty()) parameters["match[]"].push_back(match);
  }
  return parameters;
}

int print_answer(const std::function<std::string()>& request,
                 const std::function<std::string(const std::string& data)>& show) {
  try {
    const ApiData data = read_api_answer(request());
    const std::string text = show(data.json);
    std::fwrite(text.data(), 1, text.size(), stdout);
    for (const std::string& warning : data.warnings) {
      fmt::print(stderr, "warning: {}\n", warning);
    }
    return 0;
  } catch (const Error& error) {
    return fail_with(std::string("query error: ") + error.what());
  }
}

std::string formatted_result(const std::string& format, const std::string& data) {
  return format == "json"    ? query_json(data)
         : format == "csv"   ? query_csv(data)
         : format == "table" ? query_table(data)
                             : query_text(data);
}

std::string formatted_range(const std::string& format, const std::string& data,
                            double step_seconds) {
  if (format != "promql" && format != "plot") return formatted_result(format, data);
  const TerminalSize size = terminal_size(STDOUT_FILENO);
  const bool terminal = size.columns > 0;
  std::string text = format == "plot" ? "" : formatted_result(format, data);
  if (!terminal && format != "plot") return text;
  return text + draw_plot(query_series(data), terminal ? size : TerminalSize(), step_seconds,
                          terminal && wants_colour());
}

}  // namespace hearth
