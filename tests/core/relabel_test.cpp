#include "core/relabel.h"

#include <doctest/doctest.h>

#include "core/error.h"

using hearth::Labels;
using hearth::LabelsBuilder;
using hearth::Regex;
using hearth::RelabelAction;
using hearth::RelabelRule;

namespace {

RelabelRule rule(RelabelAction action, std::vector<std::string> sources, const char* regex = "(.*)",
                 const char* target = "", const char* replacement = "$1") {
  RelabelRule r;
  r.action = action;
  r.source_labels = std::move(sources);
  r.regex_text = regex;
  r.regex = Regex(regex);
  r.target_label = target;
  r.replacement = replacement;
  return r;
}

std::string applied(const std::vector<RelabelRule>& rules, const Labels& labels) {
  LabelsBuilder builder(labels);
  if (!hearth::relabel(rules, builder)) return "dropped";
  return labels_text(builder.build());
}

std::string refusal(const RelabelRule& r) {
  try {
    validate_relabel_rule(r);
  } catch (const hearth::Error& error) {
    return error.what();
  }
  return "accepted";
}

using A = RelabelAction;

}  // namespace

TEST_CASE("replace writes the expanded replacement to the expanded target") {
  const Labels in{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}};
  CHECK(applied({rule(A::kReplace, {"a"}, "f(.*)", "d", "ch${1}-ch${1}")}, in) ==
        R"({a="foo", b="bar", c="baz", d="choo-choo"})");
  CHECK(applied({rule(A::kReplace, {"a", "b"}, "f(.*);(.*)r", "a", "b${1}${2}m")}, in) ==
        R"({a="boobam", b="bar", c="baz"})");
  CHECK(applied({rule(A::kReplace, {"a"}, "no", "d")}, in) == R"({a="foo", b="bar", c="baz"})");
  CHECK(applied({rule(A::kReplace, {"a"}, "(f).*", "x_${1}", "y")}, in) ==
        R"({a="foo", b="bar", c="baz", x_f="y"})");
  CHECK(applied({rule(A::kReplace, {"none"}, "(.*)", "a")}, in) == R"({b="bar", c="baz"})");
  CHECK(applied({rule(A::kReplace, {"a"}, "f(x)?oo", "b")}, in) == R"({a="foo", c="baz"})");
}

TEST_CASE("replace to a name that cannot be does nothing") {
  const Labels in{{"a", "x-y"}};
  RelabelRule legacy = rule(A::kReplace, {"a"}, "(.*)", "$1", "v");
  CHECK(applied({legacy}, in) == R"({a="x-y", "x-y"="v"})");
  legacy.utf8_names = false;
  CHECK(applied({legacy}, in) == R"({a="x-y"})");
  CHECK(applied({rule(A::kReplace, {"none"}, "(.*)", "$1", "v")}, in) == R"({a="x-y"})");
}

TEST_CASE("keep and drop look at the joined source labels") {
  const Labels in{{"a", "foo"}, {"b", "bar"}};
  CHECK(applied({rule(A::kDrop, {"a"}, "f.*")}, in) == "dropped");
  CHECK(applied({rule(A::kDrop, {"a"}, "f")}, in) != "dropped");
  CHECK(applied({rule(A::kKeep, {"a", "b"}, "foo;bar")}, in) != "dropped");
  CHECK(applied({rule(A::kKeep, {"a"}, "bar")}, in) == "dropped");
  CHECK(applied({rule(A::kKeepEqual, {"a"}, "(.*)", "b")}, in) == "dropped");
  CHECK(applied({rule(A::kKeepEqual, {"a"}, "(.*)", "a")}, in) != "dropped");
  CHECK(applied({rule(A::kDropEqual, {"a"}, "(.*)", "a")}, in) == "dropped");
  CHECK(applied({rule(A::kDropEqual, {"a"}, "(.*)", "b")}, in) != "dropped");
}

TEST_CASE("hashmod is the tail of the MD5 modulo the modulus, as Prometheus has it") {
  RelabelRule r = rule(A::kHashMod, {"c"}, "(.*)", "d");
  r.modulus = 1000;
  CHECK(applied({r}, Labels{{"c", "baz"}}) == R"({c="baz", d="976"})");
  CHECK(applied({r}, Labels{{"c", "foo\nbar"}}) == "{c=\"foo\\nbar\", d=\"734\"}");
}

TEST_CASE("labelmap, labeldrop and labelkeep look at names") {
  const Labels in{{"a", "foo"}, {"b1", "bar"}, {"b2", "baz"}};
  CHECK(applied({rule(A::kLabelMap, {}, "(b.*)", "", "bar_${1}")}, in) ==
        R"({a="foo", b1="bar", b2="baz", bar_b1="bar", bar_b2="baz"})");
  CHECK(applied({rule(A::kLabelMap, {}, "__meta_(my.*)", "", "$1")},
                Labels{{"__meta_my_bar", "aaa"}, {"__meta_other", "x"}}) ==
        R"({__meta_my_bar="aaa", __meta_other="x", my_bar="aaa"})");
  CHECK(applied({rule(A::kLabelDrop, {}, "b.*")}, in) == R"({a="foo"})");
  CHECK(applied({rule(A::kLabelKeep, {}, "b.*")}, in) == R"({b1="bar", b2="baz"})");
}

TEST_CASE("lowercase and uppercase change letters of every script") {
  const Labels in{{"foo", "bAr123F\xC3\xA9\xCE\xA9"}};
  CHECK(applied({rule(A::kUppercase, {"foo"}, "(.*)", "up"),
                 rule(A::kLowercase, {"foo"}, "(.*)", "low")},
                in) ==
        "{foo=\"bAr123F\xC3\xA9\xCE\xA9\", low=\"bar123f\xC3\xA9\xCF\x89\", "
        "up=\"BAR123F\xC3\x89\xCE\xA9\"}");
}

TEST_CASE("rules run in order, and a dropped set stays dropped") {
  const Labels in{{"a", "1"}};
  CHECK(applied(
            {rule(A::kReplace, {"a"}, "(.*)", "b"), rule(A::kReplace, {"b"}, "(.*)", "c", "<$1>")},
            in) == R"({a="1", b="1", c="<1>"})");
  CHECK(applied({rule(A::kDrop, {"a"}, "1"), rule(A::kReplace, {"a"}, "(.*)", "b")}, in) ==
        "dropped");
}

TEST_CASE("rules that cannot be are refused in Prometheus' words") {
  CHECK(refusal(rule(A::kReplace, {"a"}, "(.*)", "b")) == "accepted");
  CHECK(refusal(rule(A::kReplace, {"a"}, "(.*)", "${1}-x")) == "accepted");
  CHECK(refusal(rule(A::kReplace, {"a"})) ==
        "relabel configuration for replace action requires 'target_label' value");
  CHECK(refusal(rule(A::kHashMod, {"a"}, "(.*)", "b")) ==
        "relabel configuration for hashmod requires non-zero modulus");
  CHECK(refusal(rule(A::kLowercase, {"a"}, "(.*)", "b", "x")) ==
        "'replacement' can not be set for lowercase action");
  CHECK(refusal(rule(A::kKeepEqual, {"a"}, "x", "b")) ==
        "keepequal action requires only 'source_labels' and `target_label`, and no other fields");
  CHECK(refusal(rule(A::kLabelDrop, {"a"}, "x")) ==
        "labeldrop action requires only 'regex', and no other fields");
  RelabelRule legacy = rule(A::kReplace, {"a"}, "(.*)", "b-c");
  legacy.utf8_names = false;
  CHECK(refusal(legacy) == "\"b-c\" is invalid 'target_label' for replace action");
  legacy.target_label = "b_${1}";
  CHECK(refusal(legacy) == "accepted");
  legacy = rule(A::kLabelMap, {}, "(.*)", "", "$1-x");
  legacy.utf8_names = false;
  CHECK(refusal(legacy) == "\"$1-x\" is invalid 'replacement' for labelmap action");
}
