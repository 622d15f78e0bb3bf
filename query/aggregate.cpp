#include "query/aggregate.h"

#include <algorithm>
#include <cmath>

#include "query/aggregate_histograms.h"
#include "query/kahan.h"
#include "query/sum_cell.h"

namespace hearth::promql {
namespace {

// ---- what is kept per group and step: empty until the first add() ------------------------------

// Adds each value of a row to the cell of its step.
template <class Cell>
void add_row(Cell* cells, const double* row, size_t steps) {
  for (size_t step = 0; step < steps; ++step) {
    if (!is_absent(row[step])) cells[step].add(row[step]);
  }
}

// The result of a group that has only this value.
template <class Cell>
double alone(double value) {
  Cell cell;
  cell.add(value);
  return cell.result();
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

// Rows are folded in the lanes of their source, and the lanes' groups then one into another, in the
// order of the series.
template <class Cell>
class FoldAggregate final : public Operator, private FoldSink {
 public:
  FoldAggregate(AggregateOp op, FoldSourcePtr source, Grouping grouping, PosRange pos)
      : Operator(source->child().steps()),
        op_(op),
        source_(std::move(source)),
        grouping_(std::move(grouping)),
        pos_(pos) {}

  void open(Context& context) override {
    source_->open(context);
    grouping_.open(context, child().series(), series_);
    lanes_.resize(source_->lanes().size());
    size_t lane_groups = 0;
    std::vector<uint32_t> members(series_.size());
    for (size_t i = 0; i < child().series().size(); ++i) ++members[grouping_[i]];
    std::vector<int64_t> local(series_.size());
    for (size_t l = 0; l < lanes_.size(); ++l) {
      Lane& lane = lanes_[l];
      lane.range = source_->lanes()[l];
      std::fill(local.begin(), local.end(), -1);
      lane.local.reserve(lane.range.size());
      for (size_t i = lane.range.begin; i < lane.range.end; ++i) {
        if (members[grouping_[i]] == 1) {
          lane.local.push_back(kAlone);
          continue;
        }
        int64_t& number = local[grouping_[i]];
        if (number < 0) {
          number = static_cast<int64_t>(lane.groups.size());
          lane.groups.push_back(grouping_[i]);
        }
        lane.local.push_back(static_cast<uint32_t>(number));
      }
      lane_groups += lane.groups.size();
    }
    cells_ = context.reserve(lane_groups, steps_.count, sizeof(Cell));
    result_ = std::make_unique<Rows>(context, steps_.count);
    result_->reset(series_.size());
    source_->add(*this, pos_.start);
  }

  void prepare(Context& context) override {
    source_->run(context, *this);
    if (lanes_.empty()) return;
    gather(context);
    if (op_ == AggregateOp::kSum || op_ == AggregateOp::kAvg) {
      std::vector<GroupedHistogram> histograms;
      for (Lane& lane : lanes_) {
        std::move(lane.histograms.begin(), lane.histograms.end(), std::back_inserter(histograms));
      }
      fold_histograms(context, op_ == AggregateOp::kAvg, histograms, child().series(), pos_,
                      *result_);
    }
    lanes_.clear();
    cells_.release();
    result_->hold_points();
  }

  void rows(Context&, Range range, Rows& out) const override {
    out.reset(range.size());
    for (size_t i = 0; i < range.size(); ++i) out.copy_row(i, *result_, range.begin + i);
  }

 private:
  // The only series of its group, whose row becomes the result at once.
  static constexpr uint32_t kAlone = ~uint32_t{0};

  struct Lane {
    Range range;
    std::vector<uint32_t> local;   // of each series: its group among those of the lane, or kAlone
    std::vector<uint32_t> groups;  // the lane's groups
    std::vector<Cell> cells;
    std::vector<GroupedHistogram> histograms;
  };

  const Operator& child() const { return source_->child(); }

  void begin(size_t lane) override {
    lanes_[lane].cells.resize(lanes_[lane].groups.size() * steps_.count);
  }

  void fold(Context& context, size_t l, size_t first, const Rows& rows) override {
    Lane& lane = lanes_[l];
    for (size_t i = 0; i < rows.count(); ++i) {
      const size_t series = first + i;
      const uint32_t local = lane.local[series - lane.range.begin];
      Cell* const cells = local == kAlone ? nullptr : lane.cells.data() + local * steps_.count;
      if (cells != nullptr) {
        add_row(cells, rows[i], steps_.count);
      } else {
        double* const row = (*result_)[grouping_[series]];
        for (size_t step = 0; step < steps_.count; ++step) {
          row[step] = is_absent(rows[i][step]) ? absent() : alone<Cell>(rows[i][step]);
        }
      }
      if (const HistogramPtr* h = rows.histograms(i))
        add_histograms(context, h, series, cells, lane);
    }
  }

  // cells: nullptr where the series is alone in its group.
  void add_histograms(Context& context, const HistogramPtr* histograms, size_t series, Cell* cells,
                      Lane& lane) const {
    for (size_t step = 0; step < steps_.count; ++step) {
      if (histograms[step] == nullptr) continue;
      switch (op_) {
        case AggregateOp::kCount:
        case AggregateOp::kGroup:
          if (cells != nullptr) {
            cells[step].add(1);
          } else {
            (*result_)[grouping_[series]][step] = alone<Cell>(1);
          }
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

  // A group's cells in all lanes become its row.
  void gather(Context& context) {
    std::vector<Cell*> first(series_.size());
    for (Lane& lane : lanes_) {
      context.check();
      for (size_t g = 0; g < lane.groups.size(); ++g) {
        Cell* const cells = lane.cells.data() + g * steps_.count;
        Cell*& to = first[lane.groups[g]];
        if (to == nullptr) {
          to = cells;
          continue;
        }
        for (size_t i = 0; i < steps_.count; ++i) to[i].merge(cells[i]);
      }
    }
    constexpr size_t kAtOnce = 64;
    context.parallel((series_.size() + kAtOnce - 1) / kAtOnce, [&](size_t part) {
      const size_t end = std::min(series_.size(), (part + 1) * kAtOnce);
      for (size_t group = part * kAtOnce; group < end; ++group) {
        if (first[group] == nullptr) continue;  // there already
        double* row = (*result_)[group];
        for (size_t i = 0; i < steps_.count; ++i) row[i] = first[group][i].result();
      }
    });
  }

  const AggregateOp op_;
  const FoldSourcePtr source_;
  Grouping grouping_;
  const PosRange pos_;
  std::vector<Lane> lanes_;
  Reservation cells_;
  std::unique_ptr<Rows> result_;
};

template <class Cell>
OperatorPtr make(AggregateOp op, FoldSourcePtr source, Grouping grouping, PosRange pos) {
  return std::make_unique<FoldAggregate<Cell>>(op, std::move(source), std::move(grouping), pos);
}

std::vector<std::string> with_name(std::vector<std::string> labels, bool without) {
  if (without) labels.emplace_back(kMetricName);
  return labels;
}

}  // namespace

Grouping::Grouping(const std::vector<std::string>& labels, bool without)
    : names_(with_name(labels, without), !without) {}

void Grouping::open(Context& context, const SeriesList& in, SeriesList& groups) {
  Numbering numbers(context.budget);
  std::string flat;
  reserved_ = context.reserve(in.size(), 1, 2 * sizeof(uint32_t));  // with the aggregation's own
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

OperatorPtr make_fold_aggregate(AggregateOp op, FoldSourcePtr source, Grouping grouping,
                                PosRange child_pos) {
  switch (op) {
    case AggregateOp::kSum:
      return make<SumCell>(op, std::move(source), std::move(grouping), child_pos);
    case AggregateOp::kAvg:
      return make<MeanCell>(op, std::move(source), std::move(grouping), child_pos);
    case AggregateOp::kMin:
      return make<ExtremeCell<false>>(op, std::move(source), std::move(grouping), child_pos);
    case AggregateOp::kMax:
      return make<ExtremeCell<true>>(op, std::move(source), std::move(grouping), child_pos);
    case AggregateOp::kGroup:
      return make<GroupCell>(op, std::move(source), std::move(grouping), child_pos);
    case AggregateOp::kStddev:
      return make<VarianceCell<true>>(op, std::move(source), std::move(grouping), child_pos);
    case AggregateOp::kStdvar:
      return make<VarianceCell<false>>(op, std::move(source), std::move(grouping), child_pos);
    default:
      return make<CountCell>(op, std::move(source), std::move(grouping), child_pos);
  }
}

}  // namespace hearth::promql
