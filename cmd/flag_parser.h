// Command-line flags with the rules of kingpin, which Prometheus uses: --flag=value, --flag value,
// --flag and --no-flag for booleans, repeatable flags, no abbreviations.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

enum class FlagKind { kBool, kText, kNumber, kDuration, kBytes, kChoice };

// One flag a program knows.
struct FlagSpec {
  std::string_view name;
  FlagKind kind = FlagKind::kText;
  std::string_view default_text;  // as /api/v1/status/flags shows it
  std::string_view help;
  bool hidden = false;        // not in --help
  bool repeatable = false;
  bool has_effect = true;     // false: accepted, checked, and told to the log
  std::string_view choices = {};  // of kChoice: "debug,info,warn,error"
};

// What was given; defaults for the rest. Immutable once parsed.
struct ParsedFlags {
  std::map<std::string, std::vector<std::string>> values;  // every flag of the table; normalised texts
  std::vector<std::string> given;                          // names, in the order given
  bool help = false;

  const std::string& text(const std::string& name) const { return values.at(name).back(); }
  bool is_given(const std::string& name) const;
};

// Throws Error(kBadData) for an unknown flag (naming the nearest known one), a missing or wrong
// value, a flag given twice, an argument that is no flag.
ParsedFlags parse_flags(std::span<const FlagSpec> table, std::span<const std::string> arguments);

// The text of --help: usage line, what the program is, each flag that is not hidden.
std::string flags_help(std::string_view program, std::string_view about, std::span<const FlagSpec> table);

}  // namespace hearth
