#include "cmd/tool/rule_checks.h"

#include <fmt/format.h>

#include <cstdio>

#include "core/go_text.h"

namespace hearth {
namespace {

std::string duplicates_text(const std::vector<rules::DuplicateRule>& found) {
  std::string out = fmt::format("{} duplicate rule(s) found.\n", found.size());
  for (const rules::DuplicateRule& rule : found) {
    out += "Metric: " + rule.name + "\nLabel(s):\n";
    for (const auto& [name, value] : rule.labels) out += "\t" + name + ": " + value + "\n";
  }
  return out + "Might cause inconsistency while recording expressions";
}

void tell_failed(const std::vector<std::string>& texts) {
  std::fflush(stdout);
  std::fputs("  FAILED:\n", stderr);
  for (const std::string& text : texts) fmt::print(stderr, "{}\n", text);
}

}  // namespace

LintOptions lint_options(const CommandInput& input, bool with_intervals) {
  LintOptions out;
  out.fatal = input.on("lint-fatal");
  std::string_view rest = input.text("lint");
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name == "all") {
      out.duplicate_rules = out.too_long_scrape_interval = true;
    } else if (name == "duplicate-rules") {
      out.duplicate_rules = true;
    } else if (name == "too-long-scrape-interval" && with_intervals) {
      out.too_long_scrape_interval = true;
    } else if (name != "none") {
      fmt::print("WARNING: unknown lint option: {}\n", go_quote(name));
    }
  }
  return out;
}

CheckOutcome report_rules(const rules::RuleFile& file, const LintOptions& lint) {
  if (!file.errors.empty()) {
    tell_failed(file.errors);
    return CheckOutcome{true, true};
  }
  if (lint.duplicate_rules) {
    const std::vector<rules::DuplicateRule> found = rules::duplicate_rules(file.groups);
    if (!found.empty()) {
      tell_failed({"lint error " + duplicates_text(found)});
      fmt::print("\n");
      return CheckOutcome{true, false};
    }
  }
  size_t count = 0;
  for (const rules::RuleGroup& group : file.groups) count += group.rules.size();
  fmt::print("  SUCCESS: {} rules found\n\n", count);
  return {};
}

CheckOutcome check_rule_files(const std::vector<std::string>& files,
                              const rules::RuleFileOptions& options, const LintOptions& lint) {
  CheckOutcome out;
  for (const std::string& path : files) {
    fmt::print("Checking {}\n", path);
    out.add(report_rules(rules::read_rule_file(path, options), lint));
  }
  return out;
}

std::vector<CommandFlag> lint_flags(std::string_view lint_help, std::string_view unknown_help) {
  return {{.name = "lint",
           .value_name = "LINT",
           .fallback = "duplicate-rules",
           .help = lint_help,
           .quoted = true},
          {.name = "lint-fatal", .help = "Make lint errors exit with exit code 3."},
          {.name = "ignore-unknown-fields", .help = unknown_help}};
}

}  // namespace hearth
