// Commands with sub-commands, flags and arguments: hearthtool's command line, by kingpin's rules as
// promtool has them. Flags may stand anywhere; --flag v, --flag=v, --no-flag, -o v and -ov.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth {

struct CommandFlag {
  // kCount is kingpin's Int: any number, of which the fraction is cut off. A file must exist.
  enum class Kind { kText, kInteger, kCount, kDuration, kFile };
  std::string_view name;
  std::string_view value_name = {};  // "" = takes no value
  std::string_view fallback = {};
  std::string_view help = {};
  char letter = '\0';  // -o
  bool repeatable = false;
  bool required = false;
  std::string_view choices = {};  // "promql,json"; "" = any value
  Kind kind = Kind::kText;
  bool quoted = false;               // help shows the fallback in quotes
  bool ours = false;                 // Prometheus' tool has no such flag
  bool instead_of_argument = false;  // where it is given, the first argument is not
};

struct CommandArgument {
  std::string_view name;
  std::string_view help = {};
  bool repeated = false;  // the last one: one or more
  bool optional = false;
  bool file = false;  // must exist
};

// What the user asked for. Flags that were not given have their fallback.
struct CommandInput {
  std::map<std::string, std::vector<std::string>, std::less<>> flags;
  std::vector<std::string> arguments;

  const std::string& text(std::string_view flag) const { return flags.find(flag)->second.back(); }
  const std::vector<std::string>& texts(std::string_view flag) const {
    return flags.find(flag)->second;
  }
  bool given(std::string_view flag) const { return !text(flag).empty(); }
  bool on(std::string_view flag) const { return text(flag) == "true"; }
  int64_t integer(std::string_view flag) const;
  int64_t count(std::string_view flag) const;  // at least 0
  double seconds(std::string_view flag) const;  // of a duration
  std::string argument(size_t i, const std::string& otherwise) const {
    return i < arguments.size() ? arguments[i] : otherwise;
  }
};

struct Command {
  std::string_view path;  // "query instant"
  std::string_view help;
  std::vector<CommandFlag> flags;
  std::vector<CommandArgument> arguments;
  int (*run)(const CommandInput& input);  // returns the exit code; nullptr: a group of commands
                                          // ("query"), whose flags they all have
  bool ours = false;                      // Prometheus' tool has no such command
  char letter = '\0';                     // -i, after the group's name, means this command
};

struct Program {
  std::string name;
  std::string_view help;
  std::string version;
  std::vector<CommandFlag> flags;  // of every command
  std::span<const Command> commands;
};

// The command that the words name, and what they give it; command is nullptr where only help or the
// version is asked for, which then is in `answer`. Throws Error(kBadData) in kingpin's words.
struct CommandChoice {
  const Command* command = nullptr;
  CommandInput input;
  std::string answer;
};
CommandChoice choose_command(const Program& program, std::span<const std::string> words);

// The text of --help: of the program (command is nullptr), a group or a command; with the flags of
// each command where `whole`.
std::string command_help(const Program& program, const Command* command, bool whole);

// "a=b" apart, for each text that is not empty. Throws Error(kBadData): `expected KEY=VALUE got 'x'`.
std::vector<std::pair<std::string, std::string>> key_value_pairs(
    const std::vector<std::string>& texts);

// The flags that a command has from the program and the groups it stands in, its own last.
std::vector<CommandFlag> flags_of(const Program& program, const Command* command);

}  // namespace hearth
