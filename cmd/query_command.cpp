#include "cmd/query_command.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "cmd/api_client.h"
#include "cmd/plot.h"
#include "cmd/query_output.h"
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

// Requests, prints the data by `text` or `json`, and the warnings to standard error.
template <class Request, class Text, class Json>
int answer(const CommandInput& input, Request request, Text text, Json json) {
  try {
    const ApiData data = read_api_answer(request());
    print(input.text("format") == "json" ? json(data.json) : text(data.json));
    for (const std::string& warning : data.warnings)
      std::fprintf(stderr, "warning: %s\n", warning.c_str());
    return 0;
  } catch (const Error& error) {
    return fail(std::string("query error: ") + error.what());
  }
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

int query_instant(const CommandInput& input) {
  ApiClient client = client_for(input);
  return with_times([&] {
    const double time = time_or(input, "time", now_seconds(), "evaluation time");
    return answer(
        input,
        [&] {
          return client.post("/api/v1/query",
                             {{"query", {input.arguments[1]}}, {"time", {float_f(time)}}});
        },
        query_text, query_json);
  });
}

int query_range(const CommandInput& input) {
  ApiClient client = client_for(input, header_lines(input.texts("header")));
  double step = input.given("step") ? parse_go_duration(input.text("step")) : 0;
  return with_times([&] {
    const double end = time_or(input, "end", now_seconds(), "end time");
    const double start = time_or(input, "start", end - 300, "start time");
    if (!(start < end)) return fail("start time is not before end time");
    if (step == 0) step = std::max(std::floor((end - start) / 250), 1.0);
    return answer(
        input,
        [&] {
          return client.post("/api/v1/query_range", {{"query", {input.arguments[1]}},
                                                     {"start", {float_f(start)}},
                                                     {"end", {float_f(end)}},
                                                     {"step", {float_f(step)}}});
        },
        [&](const std::string& data) {
          const PlotSize size = terminal_size();
          const bool colour = std::getenv("NO_COLOR") == nullptr;
          const std::string text = query_text(data);
          if (size.columns == 0) return text;
          return text + draw_plot(query_series(data), size, step, colour);
        },
        query_json);
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
    return answer(
        input, [&] { return client.post("/api/v1/series", parameters); }, series_text, plain_json);
  });
}

int query_labels(const CommandInput& input) {
  ApiClient client = client_for(input);
  return with_times([&] {
    const QueryParameters parameters = time_range_and_matchers(input);
    return answer(
        input,
        [&] {
          return client.get("/api/v1/label/" + path_escape(input.arguments[1]) + "/values",
                            parameters);
        },
        label_values_text, plain_json);
  });
}

CommandFlag format_flag() {
  return {.name = "format",
          .placeholder = "FORMAT",
          .fallback = "promql",
          .help = "Output format of the query.",
          .letter = 'o',
          .choices = "promql,json"};
}
CommandFlag http_flag() {
  return {.name = "http.config.file",
          .placeholder = "<filename>",
          .help = "HTTP client configuration file for connecting to the server."};
}
CommandFlag time_flag(std::string_view name, std::string_view help) {
  return {.name = name, .placeholder = "TIME", .help = help};
}

}  // namespace

std::vector<Command> query_commands() {
  const CommandArgument server{"server", "Prometheus server to query."};
  const CommandArgument expression{"expr", "PromQL query expression."};
  const CommandFlag start = time_flag("start", "Start time (RFC3339 or Unix timestamp).");
  const CommandFlag end = time_flag("end", "End time (RFC3339 or Unix timestamp).");
  CommandFlag match{.name = "match",
                    .placeholder = "MATCH",
                    .help = "Series selector. Can be specified multiple times.",
                    .repeatable = true};
  CommandFlag required_match = match;
  required_match.required = true;
  return {{"query instant",
           "Run instant query.",
           {format_flag(), http_flag(),
            time_flag("time", "Query evaluation time (RFC3339 or Unix timestamp).")},
           {server, expression},
           query_instant},
          {"query range",
           "Run range query; on a terminal, with a plot.",
           {format_flag(),
            http_flag(),
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
           {format_flag(), http_flag(), required_match, start, end},
           {server},
           query_series_verb},
          {"query labels",
           "Run labels query.",
           {format_flag(), http_flag(), start, end, match},
           {server, {"name", "Label name to provide label values for."}},
           query_labels}};
}

}  // namespace hearth
