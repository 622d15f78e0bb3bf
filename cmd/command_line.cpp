#include "cmd/command_line.h"

#include <algorithm>
#include <optional>

#include "core/error.h"

namespace hearth {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

const CommandFlag* find_flag(const std::vector<CommandFlag>& flags, std::string_view name) {
  for (const CommandFlag& flag : flags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}
const CommandFlag* find_letter(const std::vector<CommandFlag>& flags, char letter) {
  for (const CommandFlag& flag : flags) {
    if (flag.letter == letter) return &flag;
  }
  return nullptr;
}

// ---- help --------------------------------------------------------------------------------------

std::string usage_of(const Command& command) {
  std::string out(command.path);
  for (const CommandFlag& flag : command.flags) {
    if (flag.required) out += " --" + std::string(flag.name) + "=" + std::string(flag.placeholder);
  }
  out += " [<flags>]";
  for (const CommandArgument& argument : command.arguments) {
    out += " <" + std::string(argument.name) + ">" + (argument.repeated ? "..." : "");
  }
  return out;
}

void append_row(std::string& out, std::string left, std::string_view right) {
  constexpr size_t kColumn = 31;
  left.resize(std::max(left.size() + 1, kColumn), ' ');
  out += left + std::string(right) + "\n";
}

std::string program_help(const Program& program) {
  std::string out = "usage: " + program.name + " [<flags>] <command> [<args> ...]\n\n" +
                    std::string(program.help) + "\n\n\nFlags:\n";
  append_row(out, "  -h, --help", "Show help, also of a command.");
  append_row(out, "      --version", "Show application version.");
  out += "\nCommands:\n";
  for (const Command& command : program.commands) {
    out += usage_of(command) + "\n    " + std::string(command.help) + "\n\n";
  }
  return out;
}

std::string command_help(const Program& program, const Command& command) {
  std::string out = "usage: " + program.name + " " + usage_of(command) + "\n\n" +
                    std::string(command.help) + "\n\n\nFlags:\n";
  append_row(out, "  -h, --help", "Show help.");
  for (const CommandFlag& flag : command.flags) {
    std::string left =
        flag.letter != '\0' ? "  -" + std::string(1, flag.letter) + ", --" : "      --";
    left += flag.placeholder.empty() ? "[no-]" + std::string(flag.name) : std::string(flag.name);
    if (!flag.placeholder.empty()) {
      left += "=" + std::string(flag.fallback.empty() ? flag.placeholder : flag.fallback);
    }
    if (flag.repeatable) left += " ...";
    append_row(out, left, flag.help);
  }
  if (!command.arguments.empty()) out += "\nArgs:\n";
  for (const CommandArgument& argument : command.arguments) {
    append_row(out, "  <" + std::string(argument.name) + ">", argument.help);
  }
  return out;
}

// ---- choosing ----------------------------------------------------------------------------------

// One pass over the words; the command is known before the first of its flags is looked up, because
// flags may stand before it. One thread.
class Chooser {
 public:
  Chooser(const Program& program, std::span<const std::string> words)
      : program_(program), words_(words) {}

  CommandChoice choose() {
    find_command();
    if (wants_version()) {
      choice_.answer = program_.version;
      return std::move(choice_);
    }
    if (wants_help_) {
      choice_.answer =
          command_ == nullptr ? program_help(program_) : command_help(program_, *command_);
      return std::move(choice_);
    }
    if (command_ == nullptr) refuse("must select a subcommand of '" + path_ + "'");
    for (const CommandFlag& flag : command_->flags) {
      choice_.input.flags[std::string(flag.name)] = {std::string(flag.fallback)};
    }
    read_flags();
    check_complete();
    choice_.command = command_;
    return std::move(choice_);
  }

 private:
  bool wants_version() const {
    return std::find(words_.begin(), words_.end(), "--version") != words_.end();
  }

  // Reads the words that make the path of a command ("query", "range"), wherever flags stand.
  void find_command() {
    if (words_.empty()) wants_help_ = true;
    for (size_t i = 0; i < words_.size() && command_ == nullptr; ++i) {
      const std::string& word = words_[i];
      if (word == "-h" || word == "--help" || word == "help") {
        wants_help_ = true;
      } else if (word.starts_with("-")) {
        i += takes_next_word(word) ? 1 : 0;
      } else {
        take_path_word(word);
        used_.push_back(i);
      }
    }
    wants_help_ =
        wants_help_ || std::any_of(words_.begin(), words_.end(), [](const std::string& word) {
          return word == "-h" || word == "--help";
        });
  }

  void take_path_word(const std::string& word) {
    const std::string longer = path_.empty() ? word : path_ + " " + word;
    bool begins = false;
    for (const Command& command : program_.commands) {
      if (command.path == longer) command_ = &command;
      begins = begins || command.path.starts_with(longer + " ");
    }
    if (command_ == nullptr && !begins) refuse("expected command but got \"" + word + "\"");
    path_ = longer;
  }

  // Before the command is known: a flag that any command has and that takes a value.
  bool takes_next_word(const std::string& word) const {
    for (const Command& command : program_.commands) {
      const CommandFlag* flag = word.starts_with("--") ? find_flag(command.flags, word.substr(2))
                                : word.size() == 2     ? find_letter(command.flags, word[1])
                                                       : nullptr;
      if (flag != nullptr && !flag->placeholder.empty()) return true;
    }
    return false;
  }

  void read_flags() {
    bool only_arguments = false;
    for (size_t i = 0; i < words_.size(); ++i) {
      const std::string& word = words_[i];
      if (std::find(used_.begin(), used_.end(), i) != used_.end()) continue;
      if (only_arguments || word == "-" || !word.starts_with("-")) {
        take_argument(word);
      } else if (word == "--") {
        only_arguments = true;
      } else if (word.starts_with("--")) {
        long_flag(word, i);
      } else {
        short_flag(word, i);
      }
    }
  }

  void take_argument(const std::string& word) {
    const auto& known = command_->arguments;
    const bool more =
        choice_.input.arguments.size() < known.size() || (!known.empty() && known.back().repeated);
    if (!more) refuse("unexpected " + word);
    choice_.input.arguments.push_back(word);
  }

  void long_flag(const std::string& word, size_t& i) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const CommandFlag* flag = find_flag(command_->flags, name);
    bool negated = false;
    if (flag == nullptr && name.starts_with("no-")) {
      flag = find_flag(command_->flags, name.substr(3));
      negated = flag != nullptr && flag->placeholder.empty();
      if (!negated) flag = nullptr;
    }
    if (flag == nullptr) refuse("unknown long flag '--" + name + "'");
    if (flag->placeholder.empty()) {
      if (equals != std::string::npos) refuse("unexpected " + word.substr(equals + 1));
      return set(*flag, negated ? "false" : "true");
    }
    set(*flag, equals != std::string::npos ? word.substr(equals + 1) : next_word("--" + name, i));
  }

  void short_flag(const std::string& word, size_t& i) {
    const CommandFlag* flag = find_letter(command_->flags, word[1]);
    if (flag == nullptr) refuse("unknown short flag '-" + std::string(1, word[1]) + "'");
    set(*flag, word.size() > 2 ? word.substr(2) : next_word(word, i));
  }

  std::string next_word(const std::string& flag, size_t& i) {
    if (i + 1 >= words_.size()) refuse("expected argument for flag '" + flag + "'");
    return words_[++i];
  }

  void set(const CommandFlag& flag, const std::string& value) {
    const std::string name(flag.name);
    if (!flag.choices.empty() &&
        ("," + std::string(flag.choices) + ",").find("," + value + ",") == std::string::npos) {
      refuse("enum value must be one of " + std::string(flag.choices) + ", got '" + value + "'");
    }
    const bool again = std::find(given_.begin(), given_.end(), name) != given_.end();
    if (again && !flag.repeatable) refuse("flag '" + name + "' cannot be repeated");
    std::vector<std::string>& values = choice_.input.flags[name];
    if (!again) values.clear();
    values.push_back(value);
    given_.push_back(name);
  }

  void check_complete() const {
    for (const CommandFlag& flag : command_->flags) {
      if (flag.required && std::find(given_.begin(), given_.end(), flag.name) == given_.end()) {
        refuse("required flag(s) '--" + std::string(flag.name) + "' not provided");
      }
    }
    if (choice_.input.arguments.size() < command_->arguments.size()) {
      const CommandArgument& missing = command_->arguments[choice_.input.arguments.size()];
      refuse("required argument '" + std::string(missing.name) + "' not provided");
    }
  }

  const Program& program_;
  std::span<const std::string> words_;
  std::vector<size_t> used_;  // words that are part of the command's path
  std::string path_;
  const Command* command_ = nullptr;
  bool wants_help_ = false;
  std::vector<std::string> given_;
  CommandChoice choice_;
};

}  // namespace

CommandChoice choose_command(const Program& program, std::span<const std::string> words) {
  return Chooser(program, words).choose();
}

}  // namespace hearth
