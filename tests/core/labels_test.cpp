#include "core/labels.h"

#include <doctest/doctest.h>

#include <string>

using namespace hearth;

TEST_CASE("labels are sorted, later duplicates win, and empty values vanish") {
  const Labels labels{{"job", "b"}, {"a", "1"}, {"gone", ""}, {"job", "c"}, {kMetricName, "up"}};
  std::string seen;
  for (const Label& label : labels) seen += std::string(label.name) + "=" + std::string(label.value) + ";";
  CHECK(seen == "__name__=up;a=1;job=c;");
  CHECK(labels.size() == 3);
  CHECK(labels.get("job") == "c");
  CHECK(labels.get("gone").empty());
  CHECK(!labels.has("zzz"));
  CHECK(labels.metric_name() == "up");
}

TEST_CASE("names and values of 255 bytes and more keep their length") {
  for (const size_t length : {254u, 255u, 256u, 70'000u}) {
    const std::string text(length, 'x');
    const Labels labels{{"a", text}, {text, "v"}, {"y", "z"}};
    CAPTURE(length);
    CHECK(labels.get("a") == text);
    CHECK(labels.get(text) == "v");
    CHECK(labels.get("y") == "z");
    CHECK(labels.size() == 3);
  }
}

TEST_CASE("the order of label sets is by name, then value, then length") {
  const Labels a{{"a", "1"}};
  const Labels a_b{{"a", "1"}, {"b", "1"}};
  const Labels a2{{"a", "2"}};
  const Labels aa{{"aa", "0"}};
  CHECK(a < a_b);
  CHECK(a_b < a2);
  CHECK(a2 < aa);
  CHECK((a <=> Labels(a)) == std::strong_ordering::equal);
  CHECK(Labels() < a);
}

TEST_CASE("a builder sets, replaces and erases") {
  LabelsBuilder builder(Labels{{"b", "2"}, {"d", "4"}});
  builder.set("c", "3");
  builder.set("a", "1");
  builder.set("d", "");
  builder.set("b", "two");
  CHECK(builder.build() == Labels{{"a", "1"}, {"b", "two"}, {"c", "3"}});
  builder.retain([](std::string_view name) { return name != "a"; });
  CHECK(builder.build() == Labels{{"b", "two"}, {"c", "3"}});
  CHECK(builder.get("c") == "3");
  CHECK(builder.get("x").empty());
}

TEST_CASE("label sets are hashed as Prometheus hashes them") {
  // xxhash64 of 01 61 01 31 ("a" = "1", each with its length).
  CHECK(Labels{{"a", "1"}}.flat() == std::string("\x01" "a\x01" "1"));
  CHECK(Labels().hash() == 0xef46db3751d8e999u);
}

TEST_CASE("label sets and metrics are written as Prometheus writes them") {
  CHECK(labels_text(Labels{{kMetricName, "up"}, {"job", "a\"b\n"}}) == R"({__name__="up", job="a\"b\n"})");
  CHECK(labels_text(Labels{{"a.b", "x"}}) == R"({"a.b"="x"})");
  CHECK(metric_text(Labels{{kMetricName, "up"}}) == "up");
  CHECK(metric_text(Labels{{kMetricName, "up"}, {"job", "x"}}) == R"(up{job="x"})");
  CHECK(metric_text(Labels{{kMetricName, "a.b"}, {"job", "x"}}) == R"({"a.b", job="x"})");
  CHECK(metric_text(Labels()) == "{}");
}
