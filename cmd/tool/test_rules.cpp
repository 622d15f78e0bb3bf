// hearthtool test rules: unit tests of rules.
#include <fmt/format.h>
#include <glob.h>
#include <re2/re2.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cmd/tool/commands.h"
#include "cmd/tool/features.h"
#include "cmd/tool/junit.h"
#include "core/error.h"
#include "core/file.h"
#include "rules/template_value.h"
#include "rules/unit_test.h"

namespace hearth {
namespace {

// A [ that is not closed, or a \ at the end: Go's glob refuses it.
void refuse_bad_pattern(const std::string& pattern) {
  bool open = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
      open = open || i == pattern.size();
    } else if (pattern[i] == '[') {
      open = true;
    } else if (pattern[i] == ']') {
      open = false;
    }
  }
  if (open) throw Error(ErrorKind::kBadData, "syntax error in pattern");
}

std::vector<std::string> rule_files(const std::vector<std::string>& patterns,
                                    const std::string& test_file) {
  const std::filesystem::path base = std::filesystem::path(test_file).parent_path();
  std::vector<std::string> out;
  for (const std::string& pattern : patterns) {
    const bool relative = !pattern.empty() && pattern[0] != '/';
    const std::string path = relative ? (base / pattern).lexically_normal().string() : pattern;
    refuse_bad_pattern(path);
    glob_t found{};
    if (glob(path.c_str(), 0, nullptr, &found) == 0) {
      for (size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
    } else {
      std::fflush(stdout);
      fmt::print(stderr, "  WARNING: no file match pattern {}\n", path);
    }
    globfree(&found);
  }
  return out;
}

// One file of tests; what it returns is wrong. One thread.
class TestFile {
 public:
  TestFile(const CommandInput& input, const promql::EngineOptions& engine, const RE2* run)
      : input_(input), run_(run) {
    options_.engine = engine;
    options_.diff = input.on("diff");
    options_.dump = input.on("debug");
    options_.ignore_unknown_fields = input.on("ignore-unknown-fields");
  }

  std::vector<std::string> errors(const std::string& path, JunitSuite& suite) {
    try {
      const rules::UnitTestFile file = rules::parse_unit_tests(read_file(path));
      options_.rule_files = rule_files(file.rule_files, path);
      options_.evaluation_interval = file.evaluation_interval;
      options_.fuzzy_compare = file.fuzzy_compare;
      for (size_t i = 0; i < file.group_order.size(); ++i) {
        if (!options_.group_order.emplace(file.group_order[i], i).second) {
          throw Error(ErrorKind::kBadData,
                      "group name repeated in evaluation order: " + file.group_order[i]);
        }
      }
      std::vector<std::string> out;
      for (size_t i = 0; i < file.tests.size(); ++i) {
        if (run_ != nullptr && !RE2::PartialMatch(file.tests[i].name, *run_)) continue;
        for (std::string& error : one(file.tests[i], i, suite)) out.push_back(std::move(error));
      }
      return out;
    } catch (const Error& error) {
      suite.abort(error.what());
      return {error.what()};
    }
  }

 private:
  std::vector<std::string> one(const rules::TestGroup& group, size_t index, JunitSuite& suite) {
    const std::string name = group.name.empty() ? fmt::format("unnamed#{}", index) : group.name;
    const auto start = std::chrono::steady_clock::now();
    if (input_.on("debug")) fmt::print("DEBUG: Starting test {}\n", name);
    rules::UnitTestResult result = rules::run_unit_test(group, options_);
    if (input_.on("debug")) {
      if (!result.dump.empty()) fmt::print("{}", result.dump);
      const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;
      fmt::print("DEBUG: Test {} finished, took {}\n", name,
                 rules::go_duration_text(rules::GoDuration{took.count()}));
    }
    suite.add(name, result.errors);
    return std::move(result.errors);
  }

  const CommandInput& input_;
  const RE2* run_;
  rules::UnitTestOptions options_;
};

int test_rules(const CommandInput& input) {
  const promql::EngineOptions engine = tool_features(input);
  std::unique_ptr<RE2> run;
  std::string pattern;
  for (const std::string& one : input.texts("run")) {
    if (!one.empty()) pattern += (pattern.empty() ? "" : "|") + one;
  }
  if (!pattern.empty()) {
    run = std::make_unique<RE2>(pattern, RE2::Quiet);
    if (!run->ok()) throw Error(ErrorKind::kBadData, "error parsing regexp: " + run->error());
  }
  std::ofstream junit;
  if (input.given("junit")) {
    const std::string path = input.text("junit");
    junit.open(path);
    if (!junit) {
      const bool missing = errno == ENOENT;
      throw Error(
          ErrorKind::kBadData,
          "open " + path + ": " + (missing ? "no such file or directory" : std::strerror(errno)));
    }
  }
  JunitReport report;
  bool failed = false;
  for (const std::string& path : input.arguments) {
    TestFile file(input, engine, run.get());
    const std::vector<std::string> errors = file.errors(path, report.suite(path));
    if (errors.empty()) {
      fmt::print("  SUCCESS\n");
    } else {
      std::fflush(stdout);
      fmt::print(stderr, "  FAILED:\n");
      for (const std::string& error : errors) {
        fmt::print(stderr, "{}\n", error);
        fmt::print("\n");
      }
      failed = true;
    }
    fmt::print("\n");
  }
  if (junit.is_open()) {
    junit << report.xml();
    if (!junit.flush()) fmt::print(stderr, "failed to write JUnit XML: {}\n", input.text("junit"));
  }
  return failed ? 1 : 0;
}

}  // namespace

Command test_rules_command() {
  return {
      "test rules",
      "Unit tests for rules.",
      {{.name = "run",
        .value_name = "RUN",
        .help = "If set, will only run test groups whose names match the regular expression. "
                "Can be specified multiple times.",
        .repeatable = true},
       {.name = "debug", .help = "Enable unit test debugging."},
       {.name = "diff",
        .help = "[Experimental] Print colored differential output between expected & received "
                "output."},
       {.name = "ignore-unknown-fields",
        .help = "Ignore unknown fields in the test files. This is useful when you want to "
                "extend rule files with custom metadata. Ensure that those fields are removed "
                "before loading them into the Prometheus server as it performs strict checks "
                "by default."}},
      {{.name = "test-rule-file", .help = "The unit test file.", .repeated = true, .file = true}},
      test_rules};
}

}  // namespace hearth
