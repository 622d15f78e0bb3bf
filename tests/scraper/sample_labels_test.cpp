// How exposed labels and target labels become the labels of a series.
#include "scraper/sample_labels.h"

#include <doctest/doctest.h>

#include "core/error.h"

namespace hearth {
namespace {

struct Case {
  std::vector<Label> exposed;
  Labels target;
  bool honor_labels;
  Labels expected;
};

TEST_CASE("conflicts go to exported_ labels, or to the exposed ones where they are honored") {
  const Case cases[] = {
      {{{"__name__", "m"}, {"a", "x"}}, {{"job", "j"}}, false, {{"__name__", "m"}, {"a", "x"}, {"job", "j"}}},
      {{{"__name__", "m"}, {"a", "x"}}, {{"a", "t"}}, false, {{"__name__", "m"}, {"a", "t"}, {"exported_a", "x"}}},
      {{{"__name__", "m"}, {"a", "x"}}, {{"a", "t"}}, true, {{"__name__", "m"}, {"a", "x"}}},
      {{{"__name__", "m"}, {"a", ""}}, {{"a", "t"}}, false, {{"__name__", "m"}, {"a", "t"}}},
      {{{"__name__", "m"}, {"a", ""}}, {{"a", "t"}}, true, {{"__name__", "m"}}},
      {{{"__name__", "m"}, {"a", "x"}, {"exported_a", "y"}}, {{"a", "t"}}, false,
       {{"__name__", "m"}, {"a", "t"}, {"exported_a", "y"}, {"exported_exported_a", "x"}}},
      {{{"__name__", "m"}, {"a", "x"}}, {{"a", "t"}, {"exported_a", "u"}}, false,
       {{"__name__", "m"}, {"a", "t"}, {"exported_a", "u"}, {"exported_exported_a", "x"}}},
      {{{"__name__", "m"}, {"a", "x"}, {"exported_a", "y"}}, {{"a", "t"}, {"exported_a", "u"}}, false,
       {{"__name__", "m"}, {"a", "t"}, {"exported_a", "u"}, {"exported_exported_a", "x"},
        {"exported_exported_exported_a", "y"}}},
  };
  for (const Case& c : cases) {
    ScrapeConfig config;
    config.honor_labels = c.honor_labels;
    LabelsBuilder labels;
    REQUIRE(sample_labels(c.exposed, c.target, config, labels));
    CHECK(labels_text(labels.build()) == labels_text(c.expected));
  }
}

std::string refusal(const std::vector<Label>& exposed, const ScrapeConfig& config) {
  try {
    LabelsBuilder labels;
    sample_labels(exposed, Labels{{"job", "j"}}, config, labels);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_CASE("label limits and impossible names fail in Prometheus' words") {
  const std::vector<Label> exposed = {{"__name__", "metric"}, {"some_label", "some \"value\""}};
  ScrapeConfig config;
  CHECK(refusal(exposed, config) == "");
  config.label_limit = 2;
  CHECK(refusal(exposed, config) == "label_limit exceeded (metric: metric, number of labels: 3, limit: 2)");
  config.label_limit = 0;
  config.label_name_length_limit = 8;
  CHECK(refusal(exposed, config) ==
        "label_name_length_limit exceeded (metric: metric, label name: some_label, length: 10, limit: 8)");
  config.label_name_length_limit = 0;
  config.label_value_length_limit = 6;
  CHECK(refusal(exposed, config) ==
        R"(label_value_length_limit exceeded (metric: metric, label name: some_label, value: "some \"value\"", length: 12, limit: 6))");
  CHECK(refusal({{"__name__", "m"}, {"a", "1"}, {"a", "2"}}, {}) == "label name \"a\" is not unique: invalid sample");
  CHECK(refusal({{"__name__", "m"}, {"a\xff", "1"}}, {}).starts_with("invalid metric name or label names: {"));
  ScrapeConfig legacy;
  legacy.metric_name_validation_scheme = "legacy";
  CHECK(refusal({{"__name__", "a.b"}}, {}) == "");
  CHECK(refusal({{"__name__", "a.b"}}, legacy) == R"(invalid metric name or label names: {__name__="a.b", job="j"})");
}

TEST_CASE("a relabelling that takes the name away fails the scrape") {
  ScrapeConfig config;
  RelabelRule rule;
  rule.regex_text = "__name__";
  rule.regex = Regex("__name__");
  rule.action = RelabelAction::kLabelDrop;
  config.metric_relabel_configs = {rule};
  CHECK(refusal({{"__name__", "m"}, {"a", "1"}}, config) == "missing metric name (__name__ label)");
}

}  // namespace
}  // namespace hearth
