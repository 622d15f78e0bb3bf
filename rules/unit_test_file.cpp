#include "rules/unit_test_file.h"

#include <cmath>

#include "config/decode.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth::rules {
namespace {

const Type& alerts_type() {
  static const Type alert = structure(
      "main.alert", {{"exp_labels", &string_map_type()}, {"exp_annotations", &string_map_type()}});
  static const Type type = list_of(alert, "[]main.alert");
  return type;
}
const Type& alert_tests_type() {
  static const Type test = structure("main.alertTestCase", {{"eval_time", &duration_type()},
                                                            {"alertname", &string_type()},
                                                            {"exp_alerts", &alerts_type()}});
  static const Type type = list_of(test, "[]main.alertTestCase");
  return type;
}

const Type& samples_type() {
  static const Type sample = structure(
      "main.sample",
      {{"labels", &string_type()}, {"value", &float_type()}, {"histogram", &string_type()}});
  static const Type type = list_of(sample, "[]main.sample");
  return type;
}
const Type& expression_tests_type() {
  static const Type test = structure("main.promqlTestCase", {{"expr", &string_type()},
                                                             {"eval_time", &duration_type()},
                                                             {"exp_samples", &samples_type()}});
  static const Type type = list_of(test, "[]main.promqlTestCase");
  return type;
}

const Type& tests_type() {
  static const Type series =
      structure("main.series", {{"series", &string_type()}, {"values", &string_type()}});
  static const Type input = list_of(series, "[]main.series");
  static const Type group =
      structure("main.testGroup", {{"interval", &duration_type()},
                                   {"input_series", &input},
                                   {"alert_rule_test", &alert_tests_type()},
                                   {"promql_expr_test", &expression_tests_type()},
                                   {"external_labels", &string_map_type()},
                                   {"external_url", &string_type()},
                                   {"name", &string_type()},
                                   {"start_timestamp", &string_type()}});
  static const Type type = list_of(group, "[]main.testGroup");
  return type;
}

const Type& file_type() {
  static const Type type =
      structure("main.unitTestFile", {{"rule_files", &strings_type()},
                                      {"evaluation_interval", &duration_type()},
                                      {"group_eval_order", &strings_type()},
                                      {"tests", &tests_type()},
                                      {"fuzzy_compare", &bool_type()}});
  return type;
}

std::map<std::string, std::string> map_of(const Value& value) {
  std::map<std::string, std::string> out;
  for (size_t i = 0; i < value.keys.size(); ++i) out[value.keys[i]] = value.items[i].text;
  return out;
}

TimeMs start_time(const Value& value) {
  if (value.text.empty()) return 0;
  if (const auto seconds = parse_go_float(value.text); seconds && std::fabs(*seconds) < 9e15) {
    return static_cast<TimeMs>(std::llround(*seconds * 1000));
  }
  if (const auto time = parse_rfc3339(value.text)) return *time;
  refuse(value, "cannot parse " + go_quote(value.text) + " to a valid timestamp");
}

TestGroup test_group(const Value& value) {
  TestGroup out;
  out.name = value["name"].text;
  out.interval = value["interval"].integer;
  out.start = start_time(value["start_timestamp"]);
  out.external_url = value["external_url"].text;
  std::vector<std::pair<std::string, std::string>> labels;
  for (const auto& label : map_of(value["external_labels"])) labels.push_back(label);
  out.external_labels = Labels::from_pairs(std::move(labels));
  for (const Value& series : value["input_series"].items) {
    out.input.push_back({series["series"].text, series["values"].text});
  }
  for (const Value& test : value["alert_rule_test"].items) {
    AlertTest& made = out.alert_tests.emplace_back();
    made.eval_time = test["eval_time"].integer;
    made.alert = test["alertname"].text;
    for (const Value& alert : test["exp_alerts"].items) {
      made.expected.push_back({map_of(alert["exp_labels"]), map_of(alert["exp_annotations"])});
    }
  }
  for (const Value& test : value["promql_expr_test"].items) {
    ExpressionTest& made = out.expression_tests.emplace_back();
    made.expr = test["expr"].text;
    made.eval_time = test["eval_time"].integer;
    for (const Value& sample : test["exp_samples"].items) {
      made.expected.push_back(
          {sample["labels"].text, sample["value"].real, sample["histogram"].text});
    }
  }
  return out;
}

}  // namespace

UnitTestFile parse_unit_tests(std::string_view text) {
  const Value root = decode(parse_yaml(text), file_type());
  UnitTestFile out;
  out.rule_files = root["rule_files"].strings();
  out.group_order = root["group_eval_order"].strings();
  out.fuzzy_compare = root["fuzzy_compare"].flag();
  if (root["evaluation_interval"].integer > 0) {
    out.evaluation_interval = root["evaluation_interval"].integer;
  }
  for (const Value& test : root["tests"].items) {
    out.tests.push_back(test_group(test));
    if (out.tests.back().interval == 0) out.tests.back().interval = out.evaluation_interval;
  }
  return out;
}

}  // namespace hearth::rules
