#include "query/collect.h"

#include <algorithm>

namespace hearth::promql {
namespace {

// The series of all rows that have a point. Rows are computed on all threads.
void collect_rows(const Operator& root, Context& context, QueryResult& result) {
  const Steps& steps = root.steps();
  const SeriesList& series = root.series();
  const size_t slice = context.rows_at_once(steps.count);
  result.series.resize(series.size());
  context.parallel((series.size() + slice - 1) / slice, [&](size_t s) {
    context.check();
    const Range range{s * slice, std::min(series.size(), (s + 1) * slice)};
    ScratchRows rows(context, steps.count);
    root.rows(context, range, *rows);
    for (size_t i = 0; i < range.size(); ++i) {
      ResultSeries& out = result.series[range.begin + i];
      const double* cells = (*rows)[i];
      const auto points =
          steps.count - static_cast<size_t>(std::count_if(cells, cells + steps.count, is_absent));
      context.charge_cells(points);
      out.points.reserve(points);
      for (size_t step = 0; step < steps.count; ++step) {
        if (!is_absent(cells[step])) out.points.push_back({steps.at(step), cells[step]});
      }
      if (const HistogramPtr* h = rows->histograms(i)) {
        for (size_t step = 0; step < steps.count; ++step) {
          if (h[step] != nullptr) out.histograms.push_back({steps.at(step), *h[step]});
        }
      }
      if (!out.points.empty() || !out.histograms.empty()) {
        out.labels = Labels(series.labels[range.begin + i]);
      }
    }
  });
}

void collect_samples(const RangeSource& source, Context& context, QueryResult& result) {
  Columns columns;
  for (size_t i = 0; i < source.series().size(); ++i) {
    if (i % 64 == 0) context.check();
    source.read(context, i, columns);
    context.charge_cells(columns.t.size());
    ResultSeries series;
    series.labels = Labels(source.series().labels[i]);
    for (size_t k = 0; k < columns.t.size(); ++k)
      series.points.push_back({columns.t[k], columns.v[k]});
    for (size_t k = 0; k < columns.histogram_t.size(); ++k) {
      series.histograms.push_back({columns.histogram_t[k], std::move(columns.histograms[k])});
    }
    auto samples = static_cast<int64_t>(series.points.size());
    for (const HistogramPoint& point : series.histograms) samples += histogram_samples(point.h);
    context.count_samples(Counted::kOnce, samples);
    if (context.tracks_steps()) context.count_samples_at(Counted::kOnce, 0, samples);
    result.series.push_back(std::move(series));
  }
}

bool has_no_point(const ResultSeries& series) {
  return series.points.empty() && series.histograms.empty();
}

}  // namespace

void open(Plan& plan, Context& context) {
  if (plan.root != nullptr) plan.root->open(context);
  if (plan.matrix != nullptr) plan.matrix->open(context);
}

void collect(Plan& plan, const QueryRequest& request, Context& context, QueryResult& result) {
  const bool is_range = request.step > 0;
  result.type = is_range ? ValueType::kMatrix : plan.type;
  if (plan.type == ValueType::kString) {
    result.string = plan.string;
    result.scalar = {request.start, 0};
  } else if (plan.matrix != nullptr) {
    plan.matrix->prepare(context);
    collect_samples(*plan.matrix, context, result);
  } else {
    plan.root->prepare(context);
    collect_rows(*plan.root, context, result);
    if (result.type == ValueType::kScalar) {
      result.scalar = result.series.at(0).points.at(0);
      result.series.clear();
    }
  }
}

void sort_series(const Plan& plan, QueryResult& result) {
  auto& series = result.series;
  const std::vector<uint32_t>* order =
      plan.root == nullptr || result.type != ValueType::kVector ? nullptr : plan.root->order();
  if (order != nullptr) {
    std::vector<ResultSeries> ordered;
    for (const uint32_t i : *order) ordered.push_back(std::move(series[i]));
    series = std::move(ordered);
  }
  series.erase(std::remove_if(series.begin(), series.end(), has_no_point), series.end());
  if (order != nullptr) return;
  std::sort(series.begin(), series.end(), [](const ResultSeries& a, const ResultSeries& b) {
    return a.labels.view() < b.labels.view();
  });
}

}  // namespace hearth::promql
