// Help texts in kingpin's form: 80 columns, flags and what they do side by side.
#include <algorithm>
#include <compare>

#include "cmd/tool/command_line.h"
#include "core/go_text.h"

namespace hearth {
namespace {

constexpr size_t kWidth = 80, kIndent = 2, kPadding = 2, kWidestLeft = 30;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t space = std::min(text.find(' '), text.size());
    if (space > 0) words.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(text.size(), space + 1));
  }
  return words;
}

// How bad a line of so many characters is: first what is too long, then the square of the room
// left, and 64 for not ending in a point or comma. Go's documentation is wrapped so.
struct Badness {
  int64_t too_long = 0, ragged = 0;
  auto operator<=>(const Badness&) const = default;
};
Badness badness(int64_t length, int64_t width, const std::string& last_word, bool last_line) {
  if (last_line && length <= width) return {};
  const int64_t square = (width - length) * (width - length);
  const int64_t penalty =
      std::string_view(".,;:)").find(last_word.back()) == std::string_view::npos ? 64 : 0;
  return length > width ? Badness{square, penalty} : Badness{0, square + penalty};
}

// The words in lines, so that the sum of the lines' badness is least.
std::vector<std::string> wrapped_paragraph(std::string_view text, size_t width) {
  const std::vector<std::string> words = words_of(text);
  std::vector<Badness> best(words.size() + 1);
  std::vector<size_t> begins(words.size() + 1);  // of the line that ends before this word
  for (size_t end = 1; end <= words.size(); ++end) {
    int64_t length = -1;
    for (size_t begin = end; begin-- > 0;) {
      length += static_cast<int64_t>(words[begin].size()) + 1;
      Badness sum =
          badness(length, static_cast<int64_t>(width), words[end - 1], end == words.size());
      sum.too_long += best[begin].too_long;
      sum.ragged += best[begin].ragged;
      if (begin + 1 != end && sum > best[end]) continue;
      best[end] = sum;
      begins[end] = begin;
    }
  }
  std::vector<std::string> lines;
  for (size_t end = words.size(); end > 0; end = begins[end]) {
    std::string line;
    for (size_t i = begins[end]; i < end; ++i) line += (line.empty() ? "" : " ") + words[i];
    lines.insert(lines.begin(), std::move(line));
  }
  if (lines.empty()) lines.emplace_back();
  return lines;
}

// An empty line parts paragraphs.
std::vector<std::string> wrapped(std::string_view text, size_t width) {
  std::vector<std::string> lines;
  while (true) {
    const size_t end = text.find("\n\n");
    for (std::string& line : wrapped_paragraph(text.substr(0, end), width)) {
      lines.push_back(std::move(line));
    }
    if (end == std::string_view::npos) return lines;
    lines.emplace_back();
    text.remove_prefix(end + 2);
  }
}

std::string block(std::string_view text, size_t indent) {
  std::string out;
  for (const std::string& line : wrapped(text, kWidth - indent)) {
    out += (line.empty() ? "" : std::string(indent, ' ') + line) + "\n";
  }
  return out;
}

using Row = std::pair<std::string, std::string>;

std::string two_columns(const std::vector<Row>& rows, size_t indent) {
  size_t left = 0;
  for (const Row& row : rows) {
    if (row.first.size() < kWidestLeft) left = std::max(left, row.first.size());
  }
  const std::string margin(indent + left + kPadding, ' ');
  std::string out;
  for (const Row& row : rows) {
    std::string line = std::string(indent, ' ') + row.first;
    line.resize(std::max(line.size() + kPadding, margin.size()), ' ');
    out += line;
    if (row.first.size() >= kWidestLeft) out += "\n" + margin;
    bool first = true;
    for (const std::string& text : wrapped(row.second, kWidth - margin.size())) {
      out += (first ? "" : margin) + text + "\n";
      first = false;
    }
  }
  return out;
}

std::string value_text(const CommandFlag& flag) {
  if (flag.value_name.empty()) return "";
  if (flag.value_name == "=") return "=";
  const bool shows_fallback = !flag.fallback.empty() && !flag.value_name.starts_with('<');
  std::string value(shows_fallback ? flag.fallback : flag.value_name);
  if (shows_fallback && flag.quoted) value = go_quote(value);
  return "=" + value;
}

std::string flag_text(const CommandFlag& flag, bool room_for_letters) {
  std::string out = flag.letter != '\0' ? "-" + std::string(1, flag.letter) + ", --"
                    : room_for_letters  ? "    --"
                                        : "--";
  out += (flag.value_name.empty() ? "[no-]" : "") + std::string(flag.name) + value_text(flag);
  return flag.repeatable ? out + " ..." : out;
}

// What Prometheus' tool does not have is not in the help of a program called so.
bool is_shown(const Program& program, bool ours) { return !ours || program.name != "promtool"; }

std::vector<Row> flag_rows(const Program& program, const std::vector<CommandFlag>& flags) {
  const bool letters = std::any_of(flags.begin(), flags.end(),
                                   [](const CommandFlag& flag) { return flag.letter != '\0'; });
  std::vector<Row> rows;
  for (const CommandFlag& flag : flags) {
    if (!is_shown(program, flag.ours)) continue;
    rows.emplace_back(flag_text(flag, letters), std::string(flag.help));
  }
  return rows;
}

std::string argument_text(const CommandArgument& argument) {
  std::string out = "<" + std::string(argument.name) + ">";
  return argument.optional ? "[" + out + "]" : out;
}

std::string usage(const Command& command, bool has_flags) {
  std::string out(command.path);
  for (const CommandFlag& flag : command.flags) {
    if (flag.required) out += " --" + std::string(flag.name) + "=" + std::string(flag.value_name);
  }
  if (has_flags) out += " [<flags>]";
  for (const CommandArgument& argument : command.arguments) {
    out += " " + argument_text(argument);
    if (argument.repeated) out.insert(out.size() - (argument.optional ? 1 : 0), "...");
  }
  return out;
}
bool has_optional_flags(const Program& program, const std::vector<CommandFlag>& flags) {
  return std::any_of(flags.begin(), flags.end(), [&](const CommandFlag& flag) {
    return !flag.required && is_shown(program, flag.ours);
  });
}

std::string command_list(const Program& program, std::string_view prefix, bool whole) {
  std::string out;
  for (const Command& command : program.commands) {
    if (command.run == nullptr || !command.path.starts_with(prefix)) continue;
    if (!is_shown(program, command.ours)) continue;
    out += usage(command, has_optional_flags(program, command.flags)) + "\n" + block(command.help, 4) + "\n";
    if (whole) out += two_columns(flag_rows(program, command.flags), 4) + "\n";
  }
  return out;
}

}  // namespace

std::string command_help(const Program& program, const Command* command, bool whole) {
  const std::vector<CommandFlag> flags = flags_of(program, command);
  std::string out = "usage: " + program.name + " ";
  if (command == nullptr) {
    out += "[<flags>] <command> [<args> ...]\n\n" + block(program.help, 0) + (whole ? "" : "\n");
  } else if (command->run == nullptr) {
    out += std::string(command->path) + (command->flags.empty() ? "" : " [<flags>]") +
           " <command> [<args> ...]\n\n" + block(command->help, 0) + "\n";
  } else {
    out += usage(*command, has_optional_flags(program, command->flags)) + "\n\n" + block(command->help, 0) +
           "\n";
  }
  out += "\nFlags:\n" + two_columns(flag_rows(program, flags), kIndent);
  if (command != nullptr && !command->arguments.empty()) {
    std::vector<Row> rows;
    for (const CommandArgument& argument : command->arguments) {
      rows.emplace_back(argument_text(argument), std::string(argument.help));
    }
    out += "\nArgs:\n" + two_columns(rows, kIndent);
  }
  if (command == nullptr) {
    out += "\nCommands:\nhelp [<command>...]\n    Show help.\n\n" + std::string(whole ? "\n" : "") +
           command_list(program, "", whole);
  } else if (command->run == nullptr) {
    out += "\nSubcommands:\n" + command_list(program, std::string(command->path) + " ", false);
  }
  return out + "\n";
}

}  // namespace hearth
