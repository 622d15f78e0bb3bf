// Files with unit tests of rules: text -> what to load, to evaluate and to expect.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/labels.h"

namespace hearth::rules {

struct ExpectedAlert {
  std::map<std::string, std::string> labels, annotations;
};
struct AlertTest {
  DurationMs eval_time = 0;
  std::string alert;
  std::vector<ExpectedAlert> expected;
};

struct ExpectedSample {
  std::string labels;  // as written: metric{label="value"}
  double value = 0;
  std::string histogram;  // as written: {{...}}
};
struct ExpressionTest {
  std::string expr;
  DurationMs eval_time = 0;
  std::vector<ExpectedSample> expected;
};

struct InputSeries {
  std::string series, values;
};

struct TestGroup {
  std::string name;
  DurationMs interval = 0;
  TimeMs start = 0;  // all times are counted from it
  std::vector<InputSeries> input;
  std::vector<AlertTest> alert_tests;
  std::vector<ExpressionTest> expression_tests;
  Labels external_labels;
  std::string external_url;
};

struct UnitTestFile {
  std::vector<std::string> rule_files;  // patterns
  DurationMs evaluation_interval = 60'000;
  std::vector<std::string> group_order;
  bool fuzzy_compare = false;
  std::vector<TestGroup> tests;
};

// Throws Error(kBadData) in Prometheus' words: "yaml: unmarshal errors:\n  line 3: field x not
// found in type main.unitTestFile".
UnitTestFile parse_unit_tests(std::string_view text);

}  // namespace hearth::rules
