#include "web/json_result.h"

#include <algorithm>

#include "core/go_text.h"
#include "core/json.h"

namespace hearth::web {
namespace {

using promql::HistogramPoint;
using promql::Point;
using promql::QueryResult;
using promql::ResultSeries;
using promql::ValueType;

void append_point(std::string& out, const Point& point) {
  out.push_back('[');
  append_json_time(out, point.t);
  out.push_back(',');
  append_json_value(out, point.v);
  out.push_back(']');
}

void append_point(std::string& out, const HistogramPoint& point) {
  out.push_back('[');
  append_json_time(out, point.t);
  out.push_back(',');
  append_json_histogram(out, point.h);
  out.push_back(']');
}

template <class P>
void append_points(std::string& out, std::string_view name, const std::vector<P>& points) {
  if (points.empty()) return;
  out.append(",\"").append(name).append("\":[");
  Comma comma(out);
  for (const P& point : points) {
    comma.next();
    append_point(out, point);
  }
  out.push_back(']');
}

void append_series(std::string& out, const ResultSeries& series, ValueType type) {
  out.append("{\"metric\":");
  append_json_labels(out, series.labels);
  if (type == ValueType::kMatrix) {
    append_points(out, "values", series.points);
    append_points(out, "histograms", series.histograms);
  } else if (!series.points.empty()) {
    out.append(",\"value\":");
    append_point(out, series.points.front());
  } else if (!series.histograms.empty()) {
    out.append(",\"histogram\":");
    append_point(out, series.histograms.front());
  }
  out.push_back('}');
}

void append_stats(std::string& out, const promql::QueryStats& stats) {
  const auto seconds = [&out](std::string_view name, double value) {
    out.append("\"").append(name).append("\":");
    append_float_json(out, value);
    out.push_back(',');
  };
  out.append(",\"stats\":{\"timings\":{");
  seconds("evalTotalTime", stats.eval_seconds);
  seconds("resultSortTime", stats.sort_seconds);
  seconds("queryPreparationTime", stats.prepare_seconds);
  seconds("innerEvalTime", stats.inner_eval_seconds);
  seconds("execQueueTime", stats.queue_seconds);
  seconds("execTotalTime", stats.exec_seconds);
  out.back() = '}';
  out.append(",\"samples\":{");
  if (!stats.samples_per_step.empty()) {
    out.append("\"totalQueryableSamplesPerStep\":[");
    Comma comma(out);
    for (const auto& [time, samples] : stats.samples_per_step) {
      comma.next();
      out.push_back('[');
      append_json_time(out, time);
      out.push_back(',');
      append_json_int(out, samples);
      out.push_back(']');
    }
    out.append("],");
  }
  out.append("\"totalQueryableSamples\":");
  append_json_int(out, stats.total_samples);
  out.append(",\"peakSamples\":");
  append_json_int(out, stats.peak_samples);
  out.append("}}");
}

}  // namespace

std::string_view result_type(ValueType type) {
  switch (type) {
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kVector:
      return "vector";
    case ValueType::kMatrix:
      return "matrix";
    case ValueType::kString:
      return "string";
    case ValueType::kNone:
      break;
  }
  return "none";
}

bool append_json_result(std::string& out, const QueryResult& result, size_t limit,
                        bool with_stats) {
  bool truncated = false;
  out.append("{\"resultType\":\"").append(result_type(result.type)).append("\",\"result\":[");
  if (result.type == ValueType::kScalar || result.type == ValueType::kString) {
    append_json_seconds(out, result.scalar.t);
    out.push_back(',');
    if (result.type == ValueType::kScalar) {
      out.append("\"").append(float_f(result.scalar.v)).append("\"");
    } else {
      append_json_string(out, result.string);
    }
  } else {
    const size_t total = result.series.size();
    const size_t count = limit == 0 ? total : std::min(limit, total);
    truncated = count < total;
    Comma comma(out);
    for (size_t i = 0; i < count; ++i) {
      comma.next();
      append_series(out, result.series[i], result.type);
    }
  }
  out.push_back(']');
  if (with_stats) append_stats(out, result.stats);
  out.push_back('}');
  return truncated;
}

}  // namespace hearth::web
