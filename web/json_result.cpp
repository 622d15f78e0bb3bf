#include "web/json_result.h"

#include <algorithm>

#include "core/go_text.h"
#include "core/json.h"
#include "query/running_query.h"
#include "query/stats_json.h"

namespace hearth::web {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;

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

JsonResult::JsonResult(QueryResult result, size_t limit, bool with_stats)
    : result_(std::move(result)),
      total_(result_.type == ValueType::kVector || result_.type == ValueType::kMatrix
                 ? result_.series.size()
                 : 0),
      count_(limit == 0 ? total_ : std::min(limit, total_)),
      with_stats_(with_stats) {}

bool JsonResult::next(std::string& out) {
  if (ended_) return false;
  if (result_.query != nullptr) result_.query->check();
  const size_t enough = out.size() + kPieceBytes;
  if (!begun_) {
    begun_ = true;
    out.append("{\"resultType\":\"").append(result_type(result_.type)).append("\",\"result\":[");
    if (result_.type == ValueType::kScalar || result_.type == ValueType::kString) {
      append_json_seconds(out, result_.scalar.t);
      out.push_back(',');
      if (result_.type == ValueType::kScalar) {
        out.append("\"").append(float_f(result_.scalar.v)).append("\"");
      } else {
        append_json_string(out, result_.string);
      }
    }
  }
  while (series_ < count_ && out.size() < enough) {
    if (!in_series_) begin_series(out);
    if (append_points(out, enough)) end_series(out);
  }
  if (series_ < count_) return true;
  out.push_back(']');
  if (with_stats_) {
    out.append(",\"stats\":");
    promql::append_stats_json(out, result_.stats);
  }
  if (!result_.explain.empty()) out.append(",\"explain\":").append(result_.explain);
  out.push_back('}');
  ended_ = true;
  return true;
}

void JsonResult::begin_series(std::string& out) {
  if (series_ > 0) out.push_back(',');
  out.append("{\"metric\":");
  append_json_labels(out, result_.series[series_].labels);
  in_series_ = true;
  point_ = 0;
}

// Appends points of the series until there are none left, or enough bytes. Returns whether it
// ended.
bool JsonResult::append_points(std::string& out, size_t enough) {
  const ResultSeries& series = result_.series[series_];
  const size_t floats = series.points.size(), all = floats + series.histograms.size();
  if (result_.type != ValueType::kMatrix) {
    if (all == 0) return true;
    out.append(floats > 0 ? ",\"value\":" : ",\"histogram\":");
    if (floats > 0) {
      append_point(out, series.points.front());
    } else {
      append_point(out, series.histograms.front());
    }
    return true;
  }
  for (; point_ < all && out.size() < enough; ++point_) {
    const bool is_float = point_ < floats;
    if (point_ == 0 || point_ == floats) {
      if (point_ != 0) out.push_back(']');
      out.append(is_float ? ",\"values\":[" : ",\"histograms\":[");
    } else {
      out.push_back(',');
    }
    if (is_float) {
      append_point(out, series.points[point_]);
    } else {
      append_point(out, series.histograms[point_ - floats]);
    }
  }
  if (point_ < all) return false;
  if (all > 0) out.push_back(']');
  return true;
}

void JsonResult::end_series(std::string& out) {
  out.push_back('}');
  ResultSeries& series = result_.series[series_];
  if (result_.query != nullptr) result_.query->budget().release(promql::points_bytes(series));
  series = {};
  in_series_ = false;
  ++series_;
}

}  // namespace hearth::web
