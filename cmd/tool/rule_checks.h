// What `check rules` and `check config` do with rule files, and their lint flags.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/tool/command_line.h"
#include "cmd/tool/exit_code.h"
#include "rules/rule_file.h"

namespace hearth {

inline constexpr int kLintFailed = 3;

struct LintOptions {
  bool duplicate_rules = false;
  bool too_long_scrape_interval = false;
  bool fatal = false;
};
// Of --lint and --lint-fatal; tells of names that it does not know.
LintOptions lint_options(const CommandInput& input, bool with_intervals);

struct CheckOutcome {
  bool failed = false;
  bool has_errors = false;  // more than lint
  void add(const CheckOutcome& other) {
    failed = failed || other.failed;
    has_errors = has_errors || other.has_errors;
  }
  int exit_code(const LintOptions& lint) const {
    return failed && has_errors ? kToolFailed : failed && lint.fatal ? kLintFailed : 0;
  }
};

CheckOutcome check_rule_files(const std::vector<std::string>& files,
                              const rules::RuleFileOptions& options, const LintOptions& lint);

// One that was read already; `printed` as "Checking ..." has been.
CheckOutcome report_rules(const rules::RuleFile& file, const LintOptions& lint);

std::vector<CommandFlag> lint_flags(std::string_view lint_help, std::string_view unknown_help);

}  // namespace hearth
