#include "query/collect.h"

#include <algorithm>

#include "core/walking_querier.h"
#include "query/checked_sort.h"

namespace hearth::promql {
namespace {

// Series between two looks at whether the query shall end.
constexpr size_t kOften = 4096;

// What a series of the result holds beside the entry itself.
size_t label_bytes(LabelsView labels) { return labels.flat().size() + sizeof(std::string); }

// The points of one row. Their memory is the result's: it stays charged after the query.
void take_points(Context& context, const Steps& steps, const Rows& rows, size_t row,
                 ResultSeries& out) {
  const double* cells = rows[row];
  const HistogramPtr* h = rows.histograms(row);
  const auto points =
      steps.count - static_cast<size_t>(std::count_if(cells, cells + steps.count, is_absent));
  size_t samples = points, histograms = 0, bytes = points * sizeof(Point);
  for (size_t step = 0; h != nullptr && step < steps.count; ++step) {
    if (h[step] == nullptr) continue;
    ++histograms;
    samples += static_cast<size_t>(histogram_samples(*h[step]));
    bytes += sizeof(TimeMs) + histogram_bytes(*h[step]);
  }
  context.budget.charge(bytes);
  context.hold(samples);
  out.points.reserve(points);
  out.histograms.reserve(histograms);
  for (size_t step = 0; step < steps.count; ++step) {
    if (!is_absent(cells[step])) out.points.push_back({steps.at(step), cells[step]});
    if (h != nullptr && h[step] != nullptr) out.histograms.push_back({steps.at(step), *h[step]});
  }
}

// The series of all rows that may have a point. Rows are computed on all threads.
void collect_rows(const Operator& root, Context& context, QueryResult& result) {
  const Steps& steps = root.steps();
  const SeriesList& series = root.series();
  // Where there is an order, it is one of all series.
  const std::vector<uint32_t>* present = root.order() == nullptr ? root.present() : nullptr;
  const size_t count = present == nullptr ? series.size() : present->size();
  const size_t slice = context.rows_at_once(steps.count);
  context.budget.charge(count * sizeof(ResultSeries));
  result.series.reserve(count);
  while (result.series.size() < count) {
    context.check();
    result.series.resize(std::min(count, result.series.size() + kOften));
  }
  context.parallel((count + slice - 1) / slice, [&](size_t s) {
    context.check();
    const Range range{s * slice, std::min(count, (s + 1) * slice)};
    ScratchRows rows(context, steps.count);
    if (present == nullptr) {
      root.rows(context, range, *rows);
    } else {
      gather_rows(context, root, std::span(*present).subspan(range.begin, range.size()), *rows);
    }
    rows->let_go();
    size_t bytes_of_labels = 0;
    for (size_t i = 0; i < range.size(); ++i) {
      ResultSeries& out = result.series[range.begin + i];
      take_points(context, steps, *rows, i, out);
      if (out.points.empty() && out.histograms.empty()) continue;
      const size_t of = present == nullptr ? range.begin + i : (*present)[range.begin + i];
      out.labels = Labels(series.labels[of]);
      bytes_of_labels += label_bytes(out.labels);
    }
    context.budget.charge(bytes_of_labels);
  });
}

void collect_samples(const RangeSource& source, Context& context, QueryResult& result) {
  Columns columns;
  const SeriesList all = source.series(context);
  for (size_t i = 0; i < all.size(); ++i) {
    if (i % 64 == 0) context.check();
    source.read(context, i, columns);
    size_t samples = columns.t.size();
    size_t bytes = sizeof(ResultSeries) + label_bytes(all.labels[i]) +
                   columns.t.size() * sizeof(Point);
    for (const FloatHistogram& h : columns.histograms) {
      samples += static_cast<size_t>(histogram_samples(h));
      bytes += sizeof(TimeMs) + histogram_bytes(h);
    }
    context.hold(samples);
    context.budget.charge(bytes);
    ResultSeries series;
    series.labels = Labels(all.labels[i]);
    series.points.reserve(columns.t.size());
    for (size_t k = 0; k < columns.t.size(); ++k)
      series.points.push_back({columns.t[k], columns.v[k]});
    series.histograms.reserve(columns.histogram_t.size());
    for (size_t k = 0; k < columns.histogram_t.size(); ++k) {
      series.histograms.push_back({columns.histogram_t[k], std::move(columns.histograms[k])});
    }
    context.count_samples(Counted::kOnce, static_cast<int64_t>(samples));
    if (context.tracks_steps()) {
      context.count_samples_at(Counted::kOnce, 0, static_cast<int64_t>(samples));
    }
    result.series.push_back(std::move(series));
  }
}

bool has_no_point(const ResultSeries& series) {
  return series.points.empty() && series.histograms.empty();
}

void remove_empty(Context& context, std::vector<ResultSeries>& series) {
  size_t kept = 0;
  for (size_t i = 0; i < series.size(); ++i) {
    if (i % kOften == 0) context.check();
    if (has_no_point(series[i])) continue;
    if (kept != i) series[kept] = std::move(series[i]);
    ++kept;
  }
  series.resize(kept);
}

}  // namespace

size_t points_bytes(const ResultSeries& series) {
  size_t bytes = series.points.size() * sizeof(Point);
  for (const HistogramPoint& point : series.histograms) {
    bytes += sizeof(TimeMs) + histogram_bytes(point.h);
  }
  return bytes;
}

void open(Plan& plan, Context& context) {
  if (plan.selections.size() > 1 && context.querier != nullptr) {
    std::vector<ExpectedSelect> selects;
    for (const SelectionPtr& selection : plan.selections)
      selects.push_back({selection->matchers(), selection->range()});
    WalkingQuerier::tell(*context.querier, selects, context.budget);
  }
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

void sort_series(const Plan& plan, Context& context, QueryResult& result) {
  auto& series = result.series;
  const std::vector<uint32_t>* order =
      plan.root == nullptr || result.type != ValueType::kVector ? nullptr : plan.root->order();
  if (order != nullptr) {
    std::vector<ResultSeries> ordered;
    ordered.reserve(order->size());
    for (const uint32_t i : *order) {
      if (ordered.size() % kOften == 0) context.check();
      ordered.push_back(std::move(series[i]));
    }
    series = std::move(ordered);
  }
  remove_empty(context, series);
  if (order != nullptr) return;
  checked_sort(context, series, [](const ResultSeries& a, const ResultSeries& b) {
    return a.labels.view() < b.labels.view();
  });
}

}  // namespace hearth::promql
