#include "rules/evaluation.h"

#include <doctest/doctest.h>

#include "query/sample_store.h"

using namespace hearth;
using namespace hearth::rules;

namespace {

// One group over samples in memory.
struct Bench {
  Registry registry;
  promql::SampleStore store;
  promql::Engine engine{promql::EngineOptions{}, store, nullptr, registry};
  RuleWorld world;
  ActiveGroup group;

  explicit Bench(const std::string& text) : group(parse(text), "rules.yml", 60'000, 0) {
    world.engine = &engine;
    world.appender = &store;
  }
  static RuleGroup parse(const std::string& text) {
    RuleFile file = parse_rules("groups:\n- name: g\n" + text);
    REQUIRE(file.errors.empty());
    return file.groups.at(0);
  }
  void at(TimeMs t, std::optional<double> value = std::nullopt) {
    if (value) store.append(Labels{{"__name__", "v"}, {"i", "a"}}, t, *value);
    group.evaluate(world, t);
  }
  // The answer at t as "name value" lines.
  std::string ask(const std::string& query, TimeMs t) {
    promql::QueryRequest request;
    request.text = query;
    request.start = request.end = t;
    std::string out;
    for (const promql::ResultSeries& series : engine.run(request).series) {
      out += metric_text(series.labels) + " " + std::to_string(series.points[0].v) + "\n";
    }
    return out;
  }
  std::string states() const {
    std::string out;
    for (const auto& item : group.rules()[0].alerts()) {
      out += std::string(alert_state_name(item.second.state)) + " ";
    }
    return out;
  }
};

constexpr TimeMs kMinute = 60'000;

}  // namespace

TEST_CASE("a recording rule writes what it finds, under its name and with its labels") {
  Bench bench(
      "  labels: {team: x}\n  rules:\n  - {record: twice, expr: v * 2, labels: {i: b}}\n"
      "  - {record: four_times, expr: twice * 2}\n");
  bench.at(0, 3);
  CHECK(bench.ask("twice", 0) == "twice{i=\"b\", team=\"x\"} 6.000000\n");
  CHECK(bench.ask("four_times", 0) == "four_times{i=\"b\", team=\"x\"} 12.000000\n");
}

TEST_CASE("a recorded series ends when the expression no longer gives it") {
  Bench bench("  rules:\n  - {record: high, expr: v > 5}\n");
  bench.at(0, 6);
  bench.at(kMinute, 1);
  CHECK(bench.ask("high", 0) != "");
  CHECK(bench.ask("high", kMinute) == "");
}

TEST_CASE("an alert is pending, fires, goes on firing, ends, and is forgotten") {
  Bench bench("  rules:\n  - {alert: A, expr: v > 5, for: 2m, keep_firing_for: 2m}\n");
  bench.at(0, 6);
  CHECK(bench.states() == "pending ");
  CHECK(bench.ask("ALERTS", 0) ==
        "ALERTS{alertname=\"A\", alertstate=\"pending\", i=\"a\"} 1.000000\n");
  bench.at(kMinute, 7);
  CHECK(bench.states() == "pending ");
  bench.at(2 * kMinute, 8);
  CHECK(bench.states() == "firing ");
  CHECK(bench.ask("ALERTS_FOR_STATE", 2 * kMinute) ==
        "ALERTS_FOR_STATE{alertname=\"A\", i=\"a\"} 0.000000\n");
  bench.at(3 * kMinute, 1);
  CHECK(bench.states() == "firing ");
  bench.at(4 * kMinute, 1);
  CHECK(bench.states() == "firing ");
  bench.at(5 * kMinute, 1);
  CHECK(bench.states() == "inactive ");
  CHECK(bench.ask("ALERTS", 5 * kMinute) == "");
  bench.at(21 * kMinute, 1);
  CHECK(bench.states() == "");
}

TEST_CASE("a pending alert that stops is gone at once, and one that comes back begins anew") {
  Bench bench("  rules:\n  - {alert: A, expr: v > 5, for: 2m}\n");
  bench.at(0, 6);
  bench.at(kMinute, 1);
  CHECK(bench.states() == "");
  bench.at(2 * kMinute, 6);
  bench.at(3 * kMinute, 6);
  CHECK(bench.states() == "pending ");
}

TEST_CASE("a group's offset moves the query and what is written, not the alert's own time") {
  Bench bench("  query_offset: 1m\n  rules:\n  - {record: r, expr: v}\n");
  bench.at(0, 6);
  bench.at(kMinute, 7);
  CHECK(bench.ask("r", 0) == "r{i=\"a\"} 6.000000\n");
  CHECK(bench.ask("timestamp(r)", kMinute) == "{i=\"a\"} 0.000000\n");
}

TEST_CASE("a rule that fails keeps its error, and the rules after it go on") {
  Bench bench(
      "  limit: 1\n  rules:\n  - {record: a, expr: 'label_replace(v, \"x\", \"1\", \"\", \"\") or "
      "v'}\n"
      "  - {record: b, expr: v}\n");
  bench.at(0, 6);
  CHECK(bench.group.rules()[0].error() == "exceeded limit of 1 with 2 series");
  CHECK(bench.group.rules()[1].error().empty());
  CHECK(bench.ask("b", 0) == "b{i=\"a\"} 6.000000\n");
}

TEST_CASE("series that become one by the rule's labels are an error") {
  Bench bench(
      "  rules:\n  - {record: a, expr: 'label_replace(v, \"x\", \"1\", \"\", \"\") or v', labels: "
      "{x: y}}\n");
  bench.at(0, 6);
  CHECK(bench.group.rules()[0].error() ==
        "vector contains metrics with the same labelset after applying rule labels");
}
