#include "cmd/tool/command_line.h"

#include <algorithm>
#include <optional>

#include <charconv>

#include "core/error.h"
#include "core/file.h"
#include "core/go_duration.h"
#include "core/go_text.h"

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
      choice_.answer = command_help(program_, command_, wants_whole_help_);
      return std::move(choice_);
    }
    flags_ = flags_of(program_, command_);
    for (const CommandFlag& flag : flags_) {
      choice_.input.flags[std::string(flag.name)] = {std::string(flag.fallback)};
    }
    read_flags();
    if (command_ == nullptr || command_->run == nullptr) {
      refuse("must select a subcommand of '" + path_ + "'");
    }
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
    for (size_t i = 0; i < words_.size() && (command_ == nullptr || command_->run == nullptr);
         ++i) {
      const std::string& word = words_[i];
      if (word == "help" && path_.empty()) {
        wants_help_ = true;
        used_.push_back(i);
      } else if (const Command* chosen = command_of_letter(word)) {
        command_ = chosen;
        path_ = chosen->path;
        used_.push_back(i);
      } else if (word.starts_with("-")) {
        i += takes_next_word(word) ? 1 : 0;
      } else {
        take_path_word(word);
        used_.push_back(i);
      }
    }
    for (const std::string& word : words_) {
      wants_whole_help_ = wants_whole_help_ || word == "--help-long" || word == "--help-man";
      wants_help_ = wants_help_ || word == "-h" || word == "--help" || wants_whole_help_;
    }
  }

  void take_path_word(const std::string& word) {
    const std::string longer = path_.empty() ? word : path_ + " " + word;
    for (const Command& command : program_.commands) {
      if (command.path != longer) continue;
      command_ = &command;
      path_ = longer;
      return;
    }
    refuse("expected command but got \"" + word + "\"");
  }

  // "-i" after a group that has such a command; nullptr: it is none.
  const Command* command_of_letter(const std::string& word) const {
    if (command_ == nullptr || word.size() != 2 || word[0] != '-') return nullptr;
    for (const Command& command : program_.commands) {
      if (command.letter == word[1] && command.path.starts_with(path_ + " ")) return &command;
    }
    return nullptr;
  }

  // Before the command is known: a flag that any command has and that takes a value.
  bool takes_next_word(const std::string& word) const {
    const auto takes = [&](const std::vector<CommandFlag>& flags) {
      const CommandFlag* flag = word.starts_with("--") ? find_flag(flags, word.substr(2))
                                : word.size() == 2     ? find_letter(flags, word[1])
                                                       : nullptr;
      return flag != nullptr && !flag->value_name.empty();
    };
    return takes(program_.flags) ||
           std::any_of(program_.commands.begin(), program_.commands.end(),
                       [&](const Command& command) { return takes(command.flags); });
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
    if (command_ == nullptr) refuse("unexpected " + word);
    const auto& known = command_->arguments;
    const bool more =
        choice_.input.arguments.size() < known.size() || (!known.empty() && known.back().repeated);
    if (!more) refuse("unexpected " + word);
    const CommandArgument& argument =
        known[std::min(choice_.input.arguments.size(), known.size() - 1)];
    if (argument.file) refuse_missing(word);
    choice_.input.arguments.push_back(word);
  }

  void long_flag(const std::string& word, size_t& i) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const CommandFlag* flag = find_flag(flags_, name);
    bool negated = false;
    if (flag == nullptr && name.starts_with("no-")) {
      flag = find_flag(flags_, name.substr(3));
      negated = flag != nullptr && flag->value_name.empty();
      if (!negated) flag = nullptr;
    }
    if (flag == nullptr) refuse("unknown long flag '--" + name + "'");
    if (flag->value_name.empty()) {
      if (equals != std::string::npos) refuse("unexpected " + word.substr(equals + 1));
      return set(*flag, negated ? "false" : "true");
    }
    set(*flag, equals != std::string::npos ? word.substr(equals + 1) : next_word("--" + name, i));
  }

  void short_flag(const std::string& word, size_t& i) {
    const CommandFlag* flag = find_letter(flags_, word[1]);
    if (flag == nullptr) refuse("unknown short flag '-" + std::string(1, word[1]) + "'");
    if (flag->value_name.empty()) {
      set(*flag, "true");
      for (const char letter : word.substr(2)) {
        const CommandFlag* next = find_letter(flags_, letter);
        if (next == nullptr || !next->value_name.empty()) {
          refuse("unknown short flag '-" + std::string(1, letter) + "'");
        }
        set(*next, "true");
      }
      return;
    }
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
    check_kind(flag, value);
    const bool again = std::find(given_.begin(), given_.end(), name) != given_.end();
    if (again && !flag.repeatable) refuse("flag '" + name + "' cannot be repeated");
    std::vector<std::string>& values = choice_.input.flags[name];
    if (!again) values.clear();
    values.push_back(value);
    given_.push_back(name);
  }

  static void refuse_missing(const std::string& path) {
    if (!path_exists(path)) refuse("path '" + path + "' does not exist");
    if (is_directory(path)) refuse("'" + path + "' is a directory");
  }

  static void check_kind(const CommandFlag& flag, const std::string& value) {
    if (flag.kind == CommandFlag::Kind::kInteger) {
      int64_t number = 0;
      const char* last = value.data() + value.size();
      const auto [end, error] = std::from_chars(value.data(), last, number);
      if (error == std::errc::result_out_of_range) {
        refuse("strconv.ParseInt: parsing " + go_quote(value) + ": value out of range");
      }
      if (error != std::errc() || end != last) {
        refuse("strconv.ParseInt: parsing " + go_quote(value) + ": invalid syntax");
      }
    } else if (flag.kind == CommandFlag::Kind::kCount) {
      if (!parse_go_float(value)) {
        refuse("strconv.ParseFloat: parsing " + go_quote(value) + ": invalid syntax");
      }
    } else if (flag.kind == CommandFlag::Kind::kDuration) {
      (void)parse_go_duration(value);
    } else if (flag.kind == CommandFlag::Kind::kFile) {
      refuse_missing(value);
    }
  }

  void check_complete() const {
    std::string missing;
    for (const CommandFlag& flag : flags_) {
      if (!flag.required || std::find(given_.begin(), given_.end(), flag.name) != given_.end()) {
        continue;
      }
      missing += (missing.empty() ? "'--" : ", '--") + std::string(flag.name) + "'";
    }
    if (!missing.empty()) refuse("required flag(s) " + missing + " not provided");
    const bool replaced = std::any_of(flags_.begin(), flags_.end(), [&](const CommandFlag& flag) {
      return flag.instead_of_argument &&
             std::find(given_.begin(), given_.end(), flag.name) != given_.end();
    });
    for (size_t i = choice_.input.arguments.size() + (replaced ? 1 : 0);
         i < command_->arguments.size(); ++i) {
      const CommandArgument& argument = command_->arguments[i];
      if (argument.optional) break;
      refuse("required argument '" + std::string(argument.name) + "' not provided");
    }
  }

  const Program& program_;
  std::span<const std::string> words_;
  std::vector<size_t> used_;  // words that are part of the command's path
  std::string path_;
  const Command* command_ = nullptr;
  std::vector<CommandFlag> flags_;  // of the command, its groups and the program
  bool wants_help_ = false, wants_whole_help_ = false;
  std::vector<std::string> given_;
  CommandChoice choice_;
};

}  // namespace

std::vector<CommandFlag> flags_of(const Program& program, const Command* command) {
  std::vector<CommandFlag> out = {
      {.name = "help",
       .help = "Show context-sensitive help (also try --help-long and --help-man).",
       .letter = 'h'},
      {.name = "version", .help = "Show application version."}};
  out.insert(out.end(), program.flags.begin(), program.flags.end());
  if (command == nullptr) return out;
  for (const Command& group : program.commands) {
    if (group.run != nullptr || !command->path.starts_with(std::string(group.path) + " ")) continue;
    out.insert(out.end(), group.flags.begin(), group.flags.end());
  }
  out.insert(out.end(), command->flags.begin(), command->flags.end());
  return out;
}

int64_t CommandInput::integer(std::string_view flag) const { return std::stoll(text(flag)); }
int64_t CommandInput::count(std::string_view flag) const {
  const double number = parse_go_float(text(flag)).value_or(0);
  return number > 0 ? static_cast<int64_t>(std::min(number, 1e15)) : 0;
}
double CommandInput::seconds(std::string_view flag) const { return parse_go_duration(text(flag)); }

std::vector<std::pair<std::string, std::string>> key_value_pairs(
    const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& text : texts) {
    if (text.empty()) continue;
    const size_t equals = text.find('=');
    if (equals == std::string::npos) refuse("expected KEY=VALUE got '" + text + "'");
    out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

CommandChoice choose_command(const Program& program, std::span<const std::string> words) {
  return Chooser(program, words).choose();
}

}  // namespace hearth
