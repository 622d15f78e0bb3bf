// Runs unit tests of rules: loads series, evaluates the rules step by step, compares.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "query/engine.h"
#include "rules/unit_test_file.h"

namespace hearth::rules {

struct UnitTestOptions {
  DurationMs evaluation_interval = 60'000;
  bool fuzzy_compare = false;  // the last bit of a value does not matter
  bool diff = false;           // alerts that differ are shown as a difference
  bool dump = false;           // fill UnitTestResult::dump
  bool ignore_unknown_fields = false;
  std::map<std::string, size_t> group_order;
  std::vector<std::string> rule_files;
  promql::EngineOptions engine;  // what features it has
};

struct UnitTestResult {
  std::vector<std::string> errors;  // as promtool tells them; none: passed
  std::string dump;                 // all series at the end, as promtool's --debug
};

UnitTestResult run_unit_test(const TestGroup& group, const UnitTestOptions& options);

}  // namespace hearth::rules
