#include "query/aggregate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "query/aggregate_histograms.h"
#include "query/kahan.h"

namespace hearth::promql {
namespace {

// ---- what is kept per group and step: empty until the first add() ------------------------------

struct SumCell {
  KahanSum sum{absent(), 0};
  void add(double value) {
    if (is_absent(sum.sum)) {
      sum.sum = value;
    } else {
      sum.add(value);
    }
  }
  void merge(const SumCell& other) {
    if (is_absent(other.sum.sum)) return;
    if (is_absent(sum.sum)) {
      sum = other.sum;
    } else {
      sum.merge(other.sum);
    }
  }
  // absent() by name: a compiler may add before it selects, and adding changes the pattern.
  double result() const { return is_absent(sum.sum) ? absent() : sum.sum + sum.lost; }
};

// Adds each value of a row to the cell of its step.
template <class Cell>
void add_row(Cell* cells, const double* row, size_t steps) {
  for (size_t step = 0; step < steps; ++step) {
    if (!is_absent(row[step])) cells[step].add(row[step]);
  }
}

// Several steps without a branch, where all sums are finite; what is absent is not. What a sum loses
// is found as Knuth does, which gives the same as comparing first.
void add_row(SumCell* cells, const double* row, size_t steps) {
  constexpr size_t kAtOnce = 8;
  size_t step = 0;
  for (; step + kAtOnce <= steps; step += kAtOnce) {
    SumCell* const at = cells + step;
    double total[kAtOnce], lost[kAtOnce];
    bool finite = true;
    for (size_t i = 0; i < kAtOnce; ++i) {
      const double sum = at[i].sum.sum, value = row[step + i];
      total[i] = sum + value;
      const double added = total[i] - sum;
      lost[i] = at[i].sum.lost + ((sum - (total[i] - added)) + (value - added));
      finite &= std::fabs(total[i]) <= std::numeric_limits<double>::max();
    }
    if (!finite) {
      add_row<SumCell>(at, row + step, kAtOnce);
      continue;
    }
    for (size_t i = 0; i < kAtOnce; ++i) at[i].sum = {total[i], lost[i]};
  }
  add_row<SumCell>(cells + step, row + step, steps - step);
}

struct MeanCell {
  KahanMean mean{0};
  bool seen = false;
  void add(double value) {
    if (seen) {
      mean.add(value);
    } else {
      mean = KahanMean(value);
      seen = true;
    }
  }
  void merge(const MeanCell& other) {
    if (!other.seen) return;
    if (seen) {
      mean.merge(other.mean);
    } else {
      *this = other;
    }
  }
  double result() const { return seen ? mean.mean() : absent(); }
};

template <bool kMax>
struct ExtremeCell {
  double value = absent();
  void add(double v) {
    if (is_absent(value) || std::isnan(value) || (kMax ? value < v : value > v)) value = v;
  }
  void merge(const ExtremeCell& other) {
    if (!is_absent(other.value)) add(other.value);
  }
  double result() const { return value; }
};

struct CountCell {
  double count = 0;
  void add(double) { ++count; }
  void merge(const CountCell& other) { count += other.count; }
  double result() const { return count == 0 ? absent() : count; }
};

struct GroupCell {
  bool seen = false;
  void add(double) { seen = true; }
  void merge(const GroupCell& other) { seen = seen || other.seen; }
  double result() const { return seen ? 1 : absent(); }
};

// Welford's running variance; parts are merged as Chan does.
template <bool kRoot>
struct VarianceCell {
  double count = 0, mean = 0, squares = 0;
  void add(double value) {
    if (++count == 1) {
      mean = value;
      squares = std::isfinite(value) ? 0 : std::nan("");
      return;
    }
    const double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  void merge(const VarianceCell& other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;
      return;
    }
    const double all = count + other.count;
    const double delta = other.mean - mean;
    squares += other.squares + delta * delta * (count / all) * other.count;
    mean += delta * (other.count / all);
    count = all;
  }
  double result() const {
    if (count == 0) return absent();
    return kRoot ? std::sqrt(squares / count) : squares / count;
  }
};

// Series are folded in lanes: runs of slices whose number depends on the series only, so that the
// result is the same on any number of threads. One slice is one lane: the order of Prometheus.
constexpr size_t kMaxLanes = 32;

template <class Cell>
class FoldAggregate final : public UnaryOperator {
 public:
  FoldAggregate(AggregateOp op, OperatorPtr child, Grouping grouping, PosRange pos)
      : UnaryOperator(std::move(child)), op_(op), grouping_(std::move(grouping)), pos_(pos) {}

  void open(Context& context) override {
    child_->open(context);
    grouping_.open(context, child_->series(), series_);
    const size_t count = child_->series().size();
    const size_t slice = context.options.slice_series;
    const size_t slices = (count + slice - 1) / slice;
    lanes_.resize(std::min(slices, kMaxLanes));
    size_t lane_groups = 0;
    std::vector<int64_t> local(series_.size());
    for (size_t l = 0; l < lanes_.size(); ++l) {
      Lane& lane = lanes_[l];
      lane.range = {l * slices / lanes_.size() * slice,
                    std::min(count, (l + 1) * slices / lanes_.size() * slice)};
      std::fill(local.begin(), local.end(), -1);
      lane.local.reserve(lane.range.size());
      for (size_t i = lane.range.begin; i < lane.range.end; ++i) {
        int64_t& number = local[grouping_[i]];
        if (number < 0) {
          number = static_cast<int64_t>(lane.groups.size());
          lane.groups.push_back(grouping_[i]);
        }
        lane.local.push_back(static_cast<uint32_t>(number));
      }
      lane_groups += lane.groups.size();
    }
    context.reserve(lane_groups, steps_.count, sizeof(Cell));
  }

  void prepare(Context& context) override {
    child_->prepare(context);
    context.parallel(lanes_.size(), [&](size_t l) { fold(context, lanes_[l]); });
    result_ = std::make_unique<Rows>(context, steps_.count);
    result_->reset(series_.size());
    if (lanes_.empty()) return;
    Lane& all = lanes_[0];
    std::vector<Cell> total;
    if (lanes_.size() == 1) {
      total = std::move(all.cells);  // its groups are numbered as all groups are
    } else {
      total.resize(series_.size() * steps_.count);
      for (Lane& lane : lanes_) merge(context, lane, total);
    }
    for (size_t group = 0; group < series_.size(); ++group) {
      const Cell* cells = total.data() + group * steps_.count;
      double* row = (*result_)[group];
      for (size_t i = 0; i < steps_.count; ++i) row[i] = cells[i].result();
    }
    if (op_ == AggregateOp::kSum || op_ == AggregateOp::kAvg) {
      std::vector<GroupedHistogram> histograms;
      for (Lane& lane : lanes_) {
        std::move(lane.histograms.begin(), lane.histograms.end(), std::back_inserter(histograms));
      }
      fold_histograms(context, op_ == AggregateOp::kAvg, histograms, child_->series(), pos_,
                      *result_);
    }
    lanes_.clear();
    result_->hold_points();
  }

  void rows(Context&, Range range, Rows& out) const override {
    out.reset(range.size());
    for (size_t i = 0; i < range.size(); ++i) out.copy_row(i, *result_, range.begin + i);
  }

 private:
  struct Lane {
    Range range;
    std::vector<uint32_t> local;   // of each series: its group among those of the lane
    std::vector<uint32_t> groups;  // the lane's groups
    std::vector<Cell> cells;
    std::vector<GroupedHistogram> histograms;
  };

  void fold(Context& context, Lane& lane) const {
    lane.cells.resize(lane.groups.size() * steps_.count);
    const size_t portion = context.rows_at_once(steps_.count);
    ScratchRows rows(context, steps_.count);
    for (size_t first = lane.range.begin; first < lane.range.end; first += portion) {
      context.check();
      child_->rows(context, {first, std::min(lane.range.end, first + portion)}, *rows);
      for (size_t i = 0; i < rows->count(); ++i) {
        const size_t series = first + i;
        Cell* cells = lane.cells.data() + lane.local[series - lane.range.begin] * steps_.count;
        const double* row = (*rows)[i];
        add_row(cells, row, steps_.count);
        if (const HistogramPtr* h = rows->histograms(i))
          add_histograms(context, h, series, cells, lane);
      }
    }
  }

  void add_histograms(Context& context, const HistogramPtr* histograms, size_t series, Cell* cells,
                      Lane& lane) const {
    for (size_t step = 0; step < steps_.count; ++step) {
      if (histograms[step] == nullptr) continue;
      switch (op_) {
        case AggregateOp::kCount:
        case AggregateOp::kGroup:
          cells[step].add(1);
          break;
        case AggregateOp::kSum:
        case AggregateOp::kAvg:
          lane.histograms.push_back({uint64_t{grouping_[series]} * steps_.count + step,
                                     static_cast<uint32_t>(series), histograms[step]});
          break;
        default:
          context.annotations.info(histogram_ignored_in_aggregation_text(aggregate_name(op_)),
                                   pos_);
      }
    }
  }

  void merge(Context& context, Lane& lane, std::vector<Cell>& total) const {
    constexpr size_t kGroupsAtOnce = 64;
    const size_t portions = (lane.groups.size() + kGroupsAtOnce - 1) / kGroupsAtOnce;
    context.parallel(portions, [&](size_t p) {
      const size_t end = std::min(lane.groups.size(), (p + 1) * kGroupsAtOnce);
      for (size_t g = p * kGroupsAtOnce; g < end; ++g) {
        Cell* to = total.data() + lane.groups[g] * steps_.count;
        const Cell* from = lane.cells.data() + g * steps_.count;
        for (size_t i = 0; i < steps_.count; ++i) to[i].merge(from[i]);
      }
    });
    lane.cells = {};
  }

  const AggregateOp op_;
  Grouping grouping_;
  const PosRange pos_;
  std::vector<Lane> lanes_;
  std::unique_ptr<Rows> result_;
};

template <class Cell>
OperatorPtr make(AggregateOp op, OperatorPtr child, Grouping grouping, PosRange pos) {
  return std::make_unique<FoldAggregate<Cell>>(op, std::move(child), std::move(grouping), pos);
}

std::vector<std::string> with_name(std::vector<std::string> labels, bool without) {
  if (without) labels.emplace_back(kMetricName);
  return labels;
}

}  // namespace

Grouping::Grouping(const std::vector<std::string>& labels, bool without)
    : names_(with_name(labels, without), !without) {}

void Grouping::open(Context& context, const SeriesList& in, SeriesList& groups) {
  Numbering numbers;
  std::string flat;
  group_.reserve(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    if (i % 1024 == 0) context.check();
    names_.choose(in.labels[i], flat);
    const auto [group, is_new] = numbers.number(flat);
    group_.push_back(group);
    if (is_new) groups.labels.push_back(context.keep_labels(flat));
    if (in.drops_name(i)) {
      groups.drop_name.resize(groups.size());
      groups.drop_name[group] = 1;
    }
  }
  if (!groups.drop_name.empty()) groups.drop_name.resize(groups.size());
  count_ = numbers.size();
}

OperatorPtr make_fold_aggregate(AggregateOp op, OperatorPtr child, Grouping grouping,
                                PosRange child_pos) {
  switch (op) {
    case AggregateOp::kSum:
      return make<SumCell>(op, std::move(child), std::move(grouping), child_pos);
    case AggregateOp::kAvg:
      return make<MeanCell>(op, std::move(child), std::move(grouping), child_pos);
    case AggregateOp::kMin:
      return make<ExtremeCell<false>>(op, std::move(child), std::move(grouping), child_pos);
    case AggregateOp::kMax:
      return make<ExtremeCell<true>>(op, std::move(child), std::move(grouping), child_pos);
    case AggregateOp::kGroup:
      return make<GroupCell>(op, std::move(child), std::move(grouping), child_pos);
    case AggregateOp::kStddev:
      return make<VarianceCell<true>>(op, std::move(child), std::move(grouping), child_pos);
    case AggregateOp::kStdvar:
      return make<VarianceCell<false>>(op, std::move(child), std::move(grouping), child_pos);
    default:
      return make<CountCell>(op, std::move(child), std::move(grouping), child_pos);
  }
}

}  // namespace hearth::promql
