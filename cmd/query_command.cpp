#include "cmd/query_command.h"

#include <cmath>
#include <cstdio>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "cmd/api_client.h"
#include "cmd/plot.h"
#include "cmd/query_output.h"
#include "cmd/tool/data_dir.h"
#include "cmd/tool/features.h"
#include "cmd/tool_time.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

constexpr int kFailed = 1;
constexpr double kUnboundedSeconds = 9999 * 3600.0;  // promtool's stand-in for "all times"

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }
int fail(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return kFailed;
}

// "--header key=value" to "key: value"
std::vector<std::string> header_lines(const std::vector<std::string>& headers) {
  std::vector<std::string> out;
  for (const std::string& header : headers) {
    if (header.empty()) continue;
    const size_t equals = header.find('=');
    if (equals == std::string::npos) {
      throw Error(ErrorKind::kBadData, "expected KEY=VALUE got '" + header + "'");
    }
    out.push_back(header.substr(0, equals) + ": " + header.substr(equals + 1));
  }
  return out;
}

ApiClient client_for(const CommandInput& input, std::vector<std::string> headers = {}) {
  return ApiClient(input.arguments[0], input.text("http.config.file"), std::move(headers));
}

// Requests, prints the data as `show` gives it, and the warnings to standard error.
template <class Request, class Show>
int show_answer(Request request, Show show) {
  try {
    const ApiData data = read_api_answer(request());
    print(show(data.json));
    for (const std::string& warning : data.warnings)
      std::fprintf(stderr, "warning: %s\n", warning.c_str());
    return 0;
  } catch (const Error& error) {
    return fail(std::string("query error: ") + error.what());
  }
}

// A query's answer in the form that --format says; `text` is promtool's.
template <class Request, class Text>
int answer(const CommandInput& input, Request request, Text text) {
  return show_answer(request, [&](const std::string& data) {
    const std::string& format = input.text("format");
    return format == "json"    ? query_json(data)
           : format == "csv"   ? query_csv(data)
           : format == "table" ? query_table(data)
                               : text(data);
  });
}
// A list in promtool's text or as JSON.
template <class Request, class Text>
int answer_list(const CommandInput& input, Request request, Text text) {
  return show_answer(request, [&](const std::string& data) {
    return input.text("format") == "json" ? plain_json(data) : text(data);
  });
}

struct TimeFailure {
  std::string text;
};
double time_or(const CommandInput& input, std::string_view flag, double otherwise,
               const char* what) {
  if (!input.given(flag)) return otherwise;
  try {
    return parse_tool_time(input.text(flag));
  } catch (const Error& error) {
    throw TimeFailure{std::string("error parsing ") + what + ": " + error.what()};
  }
}

template <class Work>
int with_times(Work work) {
  try {
    return work();
  } catch (const TimeFailure& failure) {
    return fail(failure.text);
  }
}

// The last argument: with --data-dir there is no server before it.
const std::string& expression_of(const CommandInput& input) { return input.arguments.back(); }

promql::QueryRequest request_of(const CommandInput& input, double start, double end, double step) {
  promql::QueryRequest request;
  request.text = expression_of(input);
  request.start = static_cast<TimeMs>(std::llround(start * 1000));
  request.end = static_cast<TimeMs>(std::llround(end * 1000));
  request.step = static_cast<DurationMs>(std::llround(step * 1000));
  return request;
}

int query_instant(const CommandInput& input) {
  return with_times([&] {
    const double time = time_or(input, "time", now_seconds(), "evaluation time");
    return answer(
        input,
        [&] {
          if (input.given("data-dir")) {
            return query_data_dir(input.text("data-dir"), tool_features(input),
                                  request_of(input, time, time, 0));
          }
          return client_for(input).post(
              "/api/v1/query", {{"query", {expression_of(input)}}, {"time", {float_f(time)}}});
        },
        query_text);
  });
}

// Asks once, and prints.
int ask_range(const CommandInput& input) {
  const double end = time_or(input, "end", now_seconds(), "end time");
  const double start = time_or(input, "start", end - 300, "start time");
  if (!(start < end)) return fail("start time is not before end time");
  double step = input.given("step") ? parse_go_duration(input.text("step")) : 0;
  if (step == 0) step = std::max(std::floor((end - start) / 250), 1.0);
  return answer(
      input,
      [&] {
        if (input.given("data-dir")) {
          return query_data_dir(input.text("data-dir"), tool_features(input),
                                request_of(input, start, end, step));
        }
        return client_for(input, header_lines(input.texts("header")))
            .post("/api/v1/query_range", {{"query", {expression_of(input)}},
                                          {"start", {float_f(start)}},
                                          {"end", {float_f(end)}},
                                          {"step", {float_f(step)}}});
      },
      [&](const std::string& data) {
        const PlotSize size = terminal_size();
        const bool colour = std::getenv("NO_COLOR") == nullptr;
        const bool plots = input.text("format") == "plot";
        std::string text = plots ? "" : query_text(data);
        if (size.columns == 0 && !plots) return text;
        const PlotSize shown = size.columns == 0 ? PlotSize{80, 24} : size;
        return text + draw_plot(query_series(data), shown, step, colour && size.columns > 0);
      });
}

int query_range(const CommandInput& input) {
  (void)header_lines(input.texts("header"));  // refuses what is none before anything is asked
  return with_times([&] {
    if (!input.given("watch")) return ask_range(input);
    const double pause = input.seconds("watch");
    while (true) {
      print("\x1b[H\x1b[2J");
      if (const int code = ask_range(input); code != 0) return code;
      std::fflush(stdout);
      std::this_thread::sleep_for(std::chrono::duration<double>(pause));
    }
  });
}

QueryParameters time_range_and_matchers(const CommandInput& input) {
  const double now = now_seconds();
  QueryParameters parameters{
      {"start", {float_f(time_or(input, "start", now - kUnboundedSeconds, "start time"))}},
      {"end", {float_f(time_or(input, "end", now + kUnboundedSeconds, "end time"))}}};
  for (const std::string& match : input.texts("match")) {
    if (!match.empty()) parameters["match[]"].push_back(match);
  }
  return parameters;
}

int query_series_verb(const CommandInput& input) {
  ApiClient client = client_for(input);
  return with_times([&] {
    const QueryParameters parameters = time_range_and_matchers(input);
    return answer_list(
        input, [&] { return client.post("/api/v1/series", parameters); }, series_text);
  });
}

int query_labels(const CommandInput& input) {
  ApiClient client = client_for(input);
  return with_times([&] {
    const QueryParameters parameters = time_range_and_matchers(input);
    return answer_list(
        input,
        [&] {
          return client.get("/api/v1/label/" + path_escape(input.arguments[1]) + "/values",
                            parameters);
        },
        label_values_text);
  });
}

CommandFlag data_dir_flag() {
  return {.name = "data-dir",
          .placeholder = "DIR",
          .help = "Read this data directory instead of asking a server.",
          .hidden = true,
          .instead_of_argument = true};
}
CommandFlag time_flag(std::string_view name, std::string_view placeholder, std::string_view help) {
  return {.name = name, .placeholder = placeholder, .help = help};
}

}  // namespace

std::vector<Command> query_commands() {
  const CommandArgument server{"server", "Prometheus server to query."};
  const CommandArgument expression{"expr", "PromQL query expression."};
  const CommandFlag start = time_flag("start", "START", "Start time (RFC3339 or Unix timestamp).");
  const CommandFlag end = time_flag("end", "END", "End time (RFC3339 or Unix timestamp).");
  CommandFlag match{.name = "match",
                    .placeholder = "MATCH",
                    .help = "Series selector. Can be specified multiple times.",
                    .repeatable = true};
  CommandFlag required_match = match;
  required_match.required = true;
  return {{"query instant",
           "Run instant query.",
           {data_dir_flag(), time_flag("time", "TIME", "Query evaluation time (RFC3339 or Unix timestamp).")},
           {server, expression},
           query_instant},
          {"query range",
           "Run range query.",
           {data_dir_flag(),
            {.name = "watch",
             .placeholder = "PAUSE",
             .help = "Ask again after each pause, until Ctrl-C.",
             .kind = CommandFlag::Kind::kDuration,
             .hidden = true},
            {.name = "header",
             .placeholder = "HEADER",
             .help = "Extra headers to send to server.",
             .repeatable = true},
            start,
            end,
            {.name = "step", .placeholder = "STEP", .help = "Query step size (duration)."}},
           {server, expression},
           query_range},
          {"query series",
           "Run series query.",
           {required_match, start, end},
           {server},
           query_series_verb},
          {"query labels",
           "Run labels query.",
           {start, end, match},
           {server, {"name", "Label name to provide label values for."}},
           query_labels}};
}

}  // namespace hearth
