// The language of Prometheus' .test scripts: loads of samples, and queries with what they answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/histogram.h"
#include "core/labels.h"
#include "query/series_notation.h"

namespace hearth::promql::script {

using Value = SeriesValue;
using promql::parse_starts;
using promql::parse_values;

// name{labels} values...
struct SeriesLine {
  int line = 0;
  Labels labels;
  std::vector<Value> values;
};

struct Load {
  DurationMs gap = 0;
  bool with_custom_buckets = false;  // load_with_nhcb
  std::vector<SeriesLine> series;
};

// What a query is expected to tell or how it is to fail.
struct Expectation {
  enum class Kind { kFail, kWarn, kInfo, kNoWarn, kNoInfo };
  Kind kind;
  std::optional<std::string> text, regex;
};

struct TimeSteps {
  TimeMs start = 0, end = 0;
  DurationMs step = 0;
};

struct Eval {
  int line = 0;
  std::string query;
  TimeSteps at;  // instant: start == end, step == 0
  bool instant = true;
  bool ordered = false;
  std::vector<Expectation> expectations;
  std::vector<SeriesLine> series;
  std::optional<double> scalar;
  std::optional<std::string> string;
  std::optional<TimeSteps> range_vector;  // an instant query that gives a matrix
};

struct Clear {};

struct Script {
  std::string name;
  std::vector<std::variant<Clear, Load, Eval>> commands;
};

// Throws Error(kBadData) with name:line.
Script parse_script(const std::string& name, std::string_view text);

}  // namespace hearth::promql::script
