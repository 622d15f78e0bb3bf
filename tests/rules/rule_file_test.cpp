#include "rules/rule_file.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "core/file.h"

using namespace hearth;
using namespace hearth::rules;

namespace {

std::string errors(std::string_view text, bool ignore_unknown = false) {
  RuleFileOptions options;
  options.ignore_unknown_fields = ignore_unknown;
  std::string out;
  for (const std::string& error : parse_rules(text, options).errors) out += error + "\n";
  return out;
}

std::string in_group(const std::string& rule) { return "groups:\n- name: g\n  rules:\n" + rule; }

}  // namespace

TEST_CASE("a rule file becomes groups with all their fields") {
  const RuleFile file = parse_rules(R"(groups:
- name: first
  interval: 30s
  query_offset: 1m
  limit: 10
  labels: {team: a, gone: ""}
  rules:
  - record: job:up
    expr: sum by (job) (up)
    labels: {kind: sum}
  - alert: Down
    expr: up == 0
    for: 5m
    keep_firing_for: 10m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }} is down"}
- name: second
)");
  CHECK(file.errors.empty());
  REQUIRE(file.groups.size() == 2);
  const RuleGroup& group = file.groups[0];
  CHECK(group.interval == 30'000);
  CHECK(group.query_offset == 60'000);
  CHECK(group.limit == 10);
  CHECK(group.labels == RuleLabels{{"gone", ""}, {"team", "a"}});
  REQUIRE(group.rules.size() == 2);
  CHECK(group.rules[0].record == "job:up");
  CHECK(group.rules[1].name() == "Down");
  CHECK(group.rules[1].hold == 300'000);
  CHECK(group.rules[1].keep_firing_for == 600'000);
  CHECK(!file.groups[1].query_offset);
  CHECK(parse_rules("").groups.empty());
}

TEST_CASE("what is wrong with a rule is told with its place") {
  CHECK(errors(in_group("  - record: a\n    alert: b\n    expr: up\n")) ==
        "4:13: 5:12: group \"g\", rule 1, \"b\": only one of 'record' and 'alert' must be set\n");
  CHECK(errors(in_group("  - expr: up\n")) ==
        "0:0: 0:0: group \"g\", rule 1, \"\": one of 'record' or 'alert' must be set\n");
  CHECK(errors(in_group("  - record: a\n")) ==
        "0:0: group \"g\", rule 1, \"a\": field 'expr' must be set in rule\n");
  CHECK(errors(in_group("  - record: a\n    expr: sum(up\n")) ==
        "5:11: group \"g\", rule 1, \"a\": could not parse expression: 1:7: parse error: unclosed "
        "left parenthesis\n");
  CHECK(errors(in_group("  - record: a{b=\"c\"}\n    expr: up\n    for: 1m\n")) ==
        "4:13: group \"g\", rule 1, \"a{b=\\\"c\\\"}\": invalid field 'for' in recording rule\n"
        "4:13: group \"g\", rule 1, \"a{b=\\\"c\\\"}\": braces present in the recording rule name; "
        "should it be in expr?: a{b=\"c\"}\n");
  CHECK(
      errors(in_group("  - alert: a\n    expr: up\n    labels: {__name__: x}\n"
                      "    annotations: {b: \"{{ bogus }}\"}\n")) ==
      "group \"g\", rule 1, \"a\": invalid label name: __name__\n"
      "group \"g\", rule 1, \"a\": annotation \"b\": template: __alert_a:1: function \"bogus\" not "
      "defined\n");
}

TEST_CASE("groups have names, each its own") {
  CHECK(errors("groups:\n- rules: []\n- name: a\n- name: a\n") ==
        "0:0: Groupname must not be empty\n"
        "0:0: groupname: \"a\" is repeated in the same file\n");
}

TEST_CASE("a file that does not fit is refused in both readings, as in Prometheus") {
  const std::string unknown = "  line 1: field group not found in type rulefmt.RuleGroups\n";
  CHECK(errors("group: 1\n") == "yaml: unmarshal errors:\n" + unknown);
  CHECK(errors("group: 1\n", true).empty());
  CHECK(errors("groups: 1\n") ==
        "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!int `1` into []rulefmt.RuleGroup\n"
        "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!int `1` into "
        "[]rulefmt.RuleGroupNode\n");
  CHECK(errors("groups:\n- name: a\n  interval: 5\n") ==
        "not a valid duration string: \"5\"\nnot a valid duration string: \"5\"\n");
  CHECK(errors("groups:\n- name: a\n  name: b\n")
            .starts_with("yaml: unmarshal errors:\n  line 3: mapping key \"name\" already defined "
                         "at line 2\n"));
  CHECK(errors("groups:\n- name: a\n  limit: x\n  rules:\n  - record: [a]\n") ==
        "yaml: unmarshal errors:\n  line 3: cannot unmarshal !!str `x` into int\n"
        "  line 5: cannot unmarshal !!seq into string\n"
        "yaml: unmarshal errors:\n  line 3: cannot unmarshal !!str `x` into int\n");
}

TEST_CASE("errors of a file begin with its name") {
  const TempDir dir;
  const std::string path = dir.path() + "/rules.yaml";
  write_file(path, "groups:\n- name: a\n  rules:\n  - record: b\n    expr: c\n    unexpected_field: d\n");
  const RuleFile file = read_rule_file(path);
  REQUIRE(file.errors.size() == 1);
  CHECK(file.errors[0] ==
        path + ": yaml: unmarshal errors:\n  line 6: field unexpected_field not found in type rulefmt.Rule");
  CHECK(!read_rule_file("/nowhere/rules.yml").readable);
}

TEST_CASE("rules that record the same series are found, whatever their group") {
  const RuleFile file = parse_rules(R"(groups:
- name: a
  labels: {x: "1"}
  rules:
  - {record: r, expr: up}
  - {record: r, expr: down, labels: {x: "1"}}
  - {record: r, expr: down, labels: {x: "2"}}
- name: b
  rules:
  - {record: r, expr: up, labels: {x: "1"}}
  - {alert: r, expr: up}
)");
  const std::vector<DuplicateRule> found = duplicate_rules(file.groups);
  REQUIRE(found.size() == 1);
  CHECK(found[0].name == "r");
  CHECK(found[0].labels == RuleLabels{{"x", "1"}});
}

TEST_CASE("Prometheus' own rule files are read") {
  const std::filesystem::path folder = HEARTH_SHARED_DIR "/rules";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: " << folder << " is not there");
    return;
  }
  size_t read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml" || entry.path().filename() == "invalid_rules.yaml") {
      continue;
    }
    CAPTURE(entry.path().string());
    CHECK(read_rule_file(entry.path()).errors.empty());
    ++read;
  }
  CHECK(read > 10);
}
