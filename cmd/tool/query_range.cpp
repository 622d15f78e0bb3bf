// hearthtool query range: a query over a span of time, as text, drawn, and with --watch again and
// again.
#include <algorithm>
#include <cmath>

#include "cmd/tool/commands.h"
#include "cmd/tool/exit_code.h"
#include "cmd/tool/interrupt.h"
#include "cmd/tool/query_answer.h"
#include "cmd/tool/query_source.h"
#include "cmd/tool/tool_time.h"
#include "core/go_duration.h"

namespace hearth {
namespace {

constexpr int kEndedBySignal = 130;  // as shells have it for Ctrl-C

struct Span {
  double start, end, step;  // seconds
};

Span span_of(const CommandInput& input) {
  const double end = time_or(input, "end", now_seconds(), "end time");
  const double start = time_or(input, "start", end - 300, "start time");
  if (!(start < end)) throw Error(ErrorKind::kBadData, "start time is not before end time");
  const double step = input.given("step") ? parse_go_duration(input.text("step")) : 0;
  return {start, end, step != 0 ? step : std::max(std::floor((end - start) / 250), 1.0)};
}

// The text at the top of the terminal, over what was there.
void redraw(const std::string& text) {
  std::string out = "\x1b[H\x1b[K";
  for (const char c : text) out += c == '\n' ? "\n\x1b[K" : std::string(1, c);
  out += "\x1b[J";
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

// Until Ctrl-C. A server that does not answer is asked again, too.
int watch(const CommandInput& input, QuerySource& source) {
  notice_signals();
  const auto pause = static_cast<DurationMs>(input.seconds("watch") * 1000);
  while (!interrupted()) {
    const Span span = span_of(input);
    std::string data, failure;
    try {
      data = read_api_answer(source.range(input.arguments.back(), span.start, span.end, span.step))
                 .json;
    } catch (const Error& error) {
      failure = std::string("query error: ") + error.what() + "\n";
    }
    if (interrupted()) break;
    for (WokenBy woken = WokenBy::kNewSize; woken == WokenBy::kNewSize;
         woken = wait_for_signal(pause)) {
      redraw(failure.empty() ? formatted_range(input.text("format"), data, span.step) : failure);
    }
  }
  return kEndedBySignal;
}

int query_range(const CommandInput& input) {
  const std::unique_ptr<QuerySource> source = make_query_source(input);
  return exit_code_of([&] {
    if (input.given("watch")) return watch(input, *source);
    const Span span = span_of(input);
    return print_answer(
        [&] { return source->range(input.arguments.back(), span.start, span.end, span.step); },
        [&](const std::string& data) {
          return formatted_range(input.text("format"), data, span.step);
        });
  });
}

}  // namespace

Command query_range_command() {
  return {"query range",
          "Run range query.",
          {data_dir_flag(),
           {.name = "watch",
            .value_name = "PAUSE",
            .help = "Ask again after each pause, until Ctrl-C.",
            .kind = CommandFlag::Kind::kDuration,
            .ours = true},
           {.name = "header",
            .value_name = "HEADER",
            .help = "Extra headers to send to server.",
            .repeatable = true},
           {.name = "start",
            .value_name = "START",
            .help = "Query range start time (RFC3339 or Unix timestamp)."},
           {.name = "end",
            .value_name = "END",
            .help = "Query range end time (RFC3339 or Unix timestamp)."},
           {.name = "step",
            .value_name = "STEP",
            .help = "Query step size (duration).",
            .kind = CommandFlag::Kind::kDuration}},
          {{.name = "server", .help = "Prometheus server to query."},
           {.name = "expr", .help = "PromQL query expression."}},
          query_range};
}

}  // namespace hearth
