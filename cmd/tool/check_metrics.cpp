// hearthtool check metrics: names, types and help of metrics on standard input, as client_golang's
// promlint judges them.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <set>

#include "cmd/tool/block_table.h"
#include "cmd/tool/commands.h"
#include "cmd/tool/metric_families.h"
#include "cmd/tool/rule_checks.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
    {"amperes", "amperes"},    {"bytes", "bytes"},     {"celsius", "celsius"},
    {"grams", "grams"},        {"joules", "joules"},   {"kelvin", "kelvin"},
    {"meters", "meters"},      {"metres", "metres"},   {"seconds", "seconds"},
    {"volts", "volts"},        {"minutes", "seconds"}, {"hours", "seconds"},
    {"days", "seconds"},       {"weeks", "seconds"},   {"kelvins", "kelvin"},
    {"fahrenheit", "celsius"}, {"rankine", "celsius"}, {"inches", "meters"},
    {"yards", "meters"},       {"miles", "meters"},    {"bits", "bytes"},
    {"calories", "joules"},    {"pounds", "grams"},    {"ounces", "grams"}};
constexpr std::string_view kPrefixes[] = {
    "",     "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo",
    "kibi", "mega", "mibi", "giga",  "gibi",  "tera",  "tebi", "peta", "pebi"};
constexpr std::string_view kAbbreviations[] = {"s",  "ms", "us", "ns", "sec", "b", "kb",
                                               "mb", "gb", "tb", "pb", "m",   "h", "d"};
constexpr std::string_view kTypes[] = {"counter", "gauge", "summary", "histogram",
                                       "gauge_histogram"};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const size_t at = text.find('_');
    out.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}
std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}
bool is_camel_case(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i - 1] >= 'a' && text[i - 1] <= 'z' && text[i] >= 'A' && text[i] <= 'Z') return true;
  }
  return false;
}
bool has_word(const std::string& name, std::string_view word) {
  const std::string end = "_" + std::string(word);
  return name.find(end + "_") != std::string::npos || name.ends_with(end);
}

// Looks at one family. One thread.
class Lint {
 public:
  Lint(const std::string& name, const ReadFamily& family) : name_(name), family_(family) {}

  std::vector<std::string> run() {
    if (!family_.has_help) add("no help text");
    unit();
    if (counter() && !name_.ends_with("_total")) {
      add("counter metrics should have \"_total\" suffix");
    } else if (!counter() && !untyped() && name_.ends_with("_total")) {
      add("non-counter metrics should not have \"_total\" suffix");
    }
    if (!untyped()) reserved();
    for (const std::string_view type : kTypes) {
      if (has_word(lower(name_), type)) {
        add("metric name should not include type '" + std::string(type) + "'");
      }
    }
    if (name_.find(':') != std::string::npos) add("metric names should not contain ':'");
    if (is_camel_case(name_)) {
      add("metric names should be written in 'snake_case' not 'camelCase'");
    }
    each_label([&](std::string_view label) {
      if (is_camel_case(label)) {
        add("label names should be written in 'snake_case' not 'camelCase'");
      }
    });
    for (const std::string_view word : kAbbreviations) {
      if (has_word(lower(name_), word)) add("metric names should not contain abbreviated units");
    }
    std::set<Labels> seen;
    for (const FamilySample& sample : family_.samples) {
      if (!seen.insert(sample.labels).second) {
        add("metric not unique");
        break;
      }
    }
    return std::move(problems_);
  }

 private:
  void add(const std::string& text) { problems_.push_back(text); }
  bool counter() const { return family_.type == MetricType::kCounter; }
  bool untyped() const { return family_.type == MetricType::kUnknown; }

  template <class Take>
  void each_label(Take take) const {
    for (const FamilySample& sample : family_.samples) {
      for (const Label& label : sample.labels) {
        const bool own = family_.type == MetricType::kHistogram && label.name == "le";
        const bool part = family_.type == MetricType::kSummary && label.name == "quantile";
        if (label.name != kMetricName && !own && !part) take(label.name);
      }
    }
  }

  void unit() {
    for (const std::string& word : split(name_)) {
      for (const std::string_view prefix : kPrefixes) {
        if (!word.starts_with(prefix)) continue;
        for (const auto& [unit, base] : kUnits) {
          if (word.substr(prefix.size()) != unit) continue;
          if (word != base) {
            add("use base unit " + go_quote(base) + " instead of " + go_quote(word));
          }
          return;
        }
      }
    }
  }

  void reserved() {
    const bool histogram = family_.type == MetricType::kHistogram;
    const bool summary = family_.type == MetricType::kSummary;
    if (!histogram && name_.ends_with("_bucket")) {
      add("non-histogram metrics should not have \"_bucket\" suffix");
    }
    for (const std::string_view suffix : {"_count", "_sum"}) {
      if (!histogram && !summary && name_.ends_with(suffix)) {
        add("non-histogram and non-summary metrics should not have \"" + std::string(suffix) +
            "\" suffix");
      }
    }
    each_label([&](std::string_view label) {
      if (!histogram && label == "le") add("non-histogram metrics should not have \"le\" label");
      if (!summary && label == "quantile") {
        add("non-summary metrics should not have \"quantile\" label");
      }
    });
  }

  const std::string& name_;
  const ReadFamily& family_;
  std::vector<std::string> problems_;
};

// How many series a family has: a histogram's buckets, sum and count are several.
std::string cardinality_table(const std::map<std::string, ReadFamily>& families) {
  std::vector<std::pair<size_t, std::string>> counts;
  size_t total = 0;
  for (const auto& [name, family] : families) {
    counts.emplace_back(family.samples.size(), name);
    total += family.samples.size();
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::vector<std::string>> rows = {{"Metric", "Cardinality", "Percentage", ""}};
  for (const auto& [count, name] : counts) {
    rows.push_back(
        {name, std::to_string(count),
         fmt::format("{:.2f}%", 100.0 * static_cast<double>(count) / static_cast<double>(total)),
         ""});
  }
  rows.push_back({"Total", std::to_string(total), "100%", ""});
  return columns_text(rows, 4, 4);
}

int check_metrics(const CommandInput& input) {
  std::map<std::string, ReadFamily> families;
  try {
    families = read_families(std::string{std::istreambuf_iterator<char>(std::cin), {}});
  } catch (const Error& error) {
    fmt::print(stderr, "error while linting: {}\n", error.what());
    return 1;
  }
  bool good = true;
  for (const auto& [name, family] : families) {
    std::vector<std::string> problems = Lint(name, family).run();
    std::stable_sort(problems.begin(), problems.end());
    for (const std::string& problem : problems) fmt::print(stderr, "{} {}\n", name, problem);
    good = good && problems.empty();
  }
  if (!good) return kLintFailed;
  if (input.on("extended")) fmt::print("{}", cardinality_table(families));
  return 0;
}

}  // namespace

Command check_metrics_command() {
  return {"check metrics",
          "Pass Prometheus metrics over stdin to lint them for consistency and correctness.\n\n"
          "examples:\n\n"
          "$ cat metrics.prom | promtool check metrics\n\n"
          "$ curl -s http://localhost:9090/metrics | promtool check metrics",
          {},
          {},
          check_metrics};
}

}  // namespace hearth
