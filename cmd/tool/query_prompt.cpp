// hearthtool query -i: queries typed at a prompt, with history and completion.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "cmd/tool/commands.h"
#include "cmd/tool/completion.h"
#include "cmd/tool/exit_code.h"
#include "cmd/tool/history_file.h"
#include "cmd/tool/interrupt.h"
#include "cmd/tool/line_editor.h"
#include "cmd/tool/query_answer.h"
#include "cmd/tool/query_source.h"
#include "cmd/tool/tool_time.h"
#include "core/duration.h"

namespace hearth {
namespace {

constexpr const char* kPrompt = "promql> ";
constexpr const char* kHelp =
    "A line is a query. Tab completes metrics, functions, labels and values; Up and Ctrl-R find "
    "what\n"
    "was asked before; Ctrl-C ends a query, Ctrl-D the prompt.\n"
    "  \\range 1h    queries over the last hour, drawn; \\range off: at one time\n"
    "  \\step 15s    between the points of a range; \\step auto\n"
    "  \\time -1d    what is the end, or the one time: RFC3339, Unix or relative; \\time now\n"
    "  \\format F    promql, json, csv, table, plot; \\format auto\n"
    "  \\help, \\quit\n";

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t from = std::min(text.find_first_not_of(kSpace), text.size());
  text.remove_prefix(from);
  return std::string(text.substr(0, text.find_last_not_of(kSpace) + 1));
}

// What is asked, and how it is shown; changed by lines that begin with a backslash. One thread.
class Session {
 public:
  Session(QuerySource& source, std::string format) : source_(source) {
    if (format != "promql") format_ = std::move(format);
  }

  static std::vector<std::string> commands() {
    return {"\\format", "\\help", "\\quit", "\\range", "\\step", "\\time"};
  }

  // Returns false where it is the last line. Throws Error.
  bool run(const std::string& line) {
    if (line.starts_with('\\')) return set(line);
    const double at = time_.empty() ? now_seconds() : parse_tool_time(time_);
    if (range_ == 0) {
      show(source_.instant(line, at), 0);
    } else {
      const double step = step_ > 0 ? step_ : std::max(std::floor(range_ / 250), 1.0);
      show(source_.range(line, at - range_, at, step), step);
    }
    return true;
  }

 private:
  static double seconds(const std::string& text) {
    const auto found = static_cast<double>(parse_duration(text)) / 1000;
    if (!(found > 0)) refuse("a duration longer than 0 is wanted, not " + text);
    return found;
  }

  bool set(const std::string& line) {
    const size_t space = std::min(line.find(' '), line.size());
    const std::string name = line.substr(0, space), value = trimmed(line.substr(space));
    if (name == "\\quit" || name == "\\q") return false;
    if (name == "\\range") {
      range_ = value == "off" ? 0 : seconds(value);
    } else if (name == "\\step") {
      step_ = value == "auto" ? 0 : seconds(value);
    } else if (name == "\\time") {
      (void)parse_tool_time(value);
      time_ = value == "now" ? "" : value;
    } else if (name == "\\format") {
      constexpr std::string_view kFormats[] = {"auto", "promql", "json", "csv", "table", "plot"};
      if (std::find(std::begin(kFormats), std::end(kFormats), value) == std::end(kFormats)) {
        refuse("the format is one of auto, promql, json, csv, table, plot, not '" + value + "'");
      }
      format_ = value;
    } else if (name == "\\help" || name == "\\h" || name == "\\?") {
      fmt::print("{}", kHelp);
    } else {
      refuse(name + " is no command; \\help tells of those that there are");
    }
    return true;
  }

  void show(const std::string& body, double step) const {
    const ApiData data = read_api_answer(body);
    const bool drawn = range_ > 0 && (format_ == "plot" || (format_ == "auto" && is_terminal()));
    std::string text =
        drawn ? formatted_range("plot", data.json, step) : formatted_result(format_, data.json);
    if (text.find_first_not_of('\n') == std::string::npos) text = "nothing\n";
    fmt::print("{}", text);
    for (const std::string& warning : data.warnings) fmt::print(stderr, "warning: {}\n", warning);
  }
  static bool is_terminal() { return isatty(STDOUT_FILENO) != 0; }

  QuerySource& source_;
  std::string format_ = "auto", time_;  // time_: as it was typed; "" = now
  double range_ = 0, step_ = 0;         // seconds; 0: one time, as fits
};

// A line's failure is told, and the prompt goes on. Returns false where it was the last line.
bool run_line(Session& session, const std::string& line) {
  forget_interrupt();
  bool more = true;
  try {
    more = session.run(line);
  } catch (const Error& error) {
    std::fflush(stdout);
    const bool echoed = interrupted() && isatty(STDERR_FILENO) != 0;  // ^C, without a newline
    fmt::print(stderr, "{}{}\n", echoed ? "\n" : "",
               interrupted() ? std::string("canceled") : std::string("error: ") + error.what());
  }
  std::fflush(stdout);
  forget_interrupt();
  return more && !interrupted();
}

int on_terminal(Session& session, Completer& completer) {
  HistoryFile history(history_path());
  LineEditor editor(kPrompt, history.lines(),
                    [&](std::string_view before) { return completer.complete(before); });
  fmt::print("\\help tells what can be typed, Ctrl-D ends.\n");
  std::string line;
  while (editor.read(line)) {
    line = trimmed(line);
    if (line.empty()) continue;
    editor.remember(line);
    history.append(line);
    if (!run_line(session, line)) return 0;
  }
  fmt::print("\n");
  return 0;
}

int in_pipe(Session& session) {
  std::string line;
  while (std::getline(std::cin, line)) {
    line = trimmed(line);
    if (!line.empty() && !run_line(session, line)) break;
  }
  return 0;
}

int query_prompt(const CommandInput& input) {
  const std::unique_ptr<QuerySource> source = make_query_source(input);
  return exit_code_of([&] {
    notice_signals();
    Session session(*source, input.text("format"));
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) return in_pipe(session);
    Completer completer(*source, Session::commands());
    return on_terminal(session, completer);
  });
}

}  // namespace

Command query_prompt_command() {
  return {"query prompt",
          "Type queries at a prompt, with history and completion; the same as query -i.",
          {data_dir_flag()},
          {{.name = "server",
            .help = "Server to query (default is http://localhost:9090).",
            .optional = true}},
          query_prompt,
          true,
          'i'};
}

}  // namespace hearth
