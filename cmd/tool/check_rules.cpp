// hearthtool check rules: rule files, or standard input.
#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "cmd/tool/commands.h"
#include "cmd/tool/features.h"
#include "cmd/tool/rule_checks.h"

namespace hearth {
namespace {

int check_rules(const CommandInput& input) {
  const LintOptions lint = lint_options(input, false);
  rules::RuleFileOptions options;
  options.expressions = tool_features(input).parse;
  options.ignore_unknown_fields = input.on("ignore-unknown-fields");
  if (!input.arguments.empty()) {
    return check_rule_files(input.arguments, options, lint).exit_code(lint);
  }
  fmt::print("Checking standard input\n");
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  return report_rules(rules::parse_rules(text, options), lint).exit_code(lint);
}

}  // namespace

Command check_rules_command() {
  return {"check rules",
          "Check if the rule files are valid or not.",
          lint_flags("Linting checks to apply. Available options are: all, duplicate-rules, none. "
                     "Use --lint=none to disable linting",
                     "Ignore unknown fields in the rule files. This is useful when you want to "
                     "extend rule files with custom metadata. Ensure that those fields are removed "
                     "before loading them into the Prometheus server as it performs strict checks "
                     "by default."),
          {{.name = "rule-files",
            .help = "The rule files to check, default is read from standard input.",
            .repeated = true,
            .optional = true,
            .file = true}},
          check_rules};
}

}  // namespace hearth
