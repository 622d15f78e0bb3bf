// What a query answers.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/histogram.h"
#include "core/labels.h"
#include "core/sample.h"
#include "query/ast.h"

namespace hearth::promql {

struct Point {
  TimeMs t;
  double v;
};
struct HistogramPoint {
  TimeMs t;
  FloatHistogram h;
};

// One series of a matrix; of a vector exactly one point is set.
struct ResultSeries {
  Labels labels;
  std::vector<Point> points;
  std::vector<HistogramPoint> histograms;
};

class RunningQuery;

struct QueryStats {
  int64_t total_samples = 0;
  int64_t peak_samples = 0;
  size_t peak_bytes = 0;
  std::vector<std::pair<TimeMs, int64_t>> samples_per_step;  // only when asked for
  double eval_seconds = 0, sort_seconds = 0, prepare_seconds = 0, inner_eval_seconds = 0,
         queue_seconds = 0, exec_seconds = 0;
};

struct QueryResult {
  ValueType type = ValueType::kNone;
  std::vector<ResultSeries>
      series;          // kVector, kMatrix; sorted by labels unless the query orders them
  Point scalar{0, 0};  // kScalar
  std::string string;  // kString, at scalar.t
  std::vector<std::string> warnings, infos;  // sorted, unique, Prometheus' texts
  QueryStats stats;
  std::string explain;  // the plan as JSON, where that was asked for

  // The query goes on until its answer has been sent: so long it is charged with what this holds,
  // and listed among those that run.
  std::shared_ptr<RunningQuery> query;
};

// What the points of a series are charged with.
size_t points_bytes(const ResultSeries& series);

}  // namespace hearth::promql
