#include "query/aggregate.h"

#include <algorithm>
#include <cmath>

#include "core/mutex.h"
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

// Rows are folded in the lanes of their source. A lane that ends gives what it has of groups that
// others have, too, to these groups' totals, in the order of the lanes.
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
    std::vector<uint32_t> lanes_of(series_.size());
    for (size_t l = 0; l < lanes_.size(); ++l) {
      context.check();
      Lane& lane = lanes_[l];
      lane.range = source_->lanes()[l];
      std::fill(local.begin(), local.end(), -1);
      lane.local.reserve(lane.range.size());
      for (size_t i = lane.range.begin; i < lane.range.end; ++i) {
        if (members[grouping_[i]] == 1) {
          lane.local.push_back(kNone);
          continue;
        }
        int64_t& number = local[grouping_[i]];
        if (number < 0) {
          number = static_cast<int64_t>(lane.groups.size());
          lane.groups.push_back(grouping_[i]);
          ++lanes_of[grouping_[i]];
        }
        lane.local.push_back(static_cast<uint32_t>(number));
      }
      lane_groups += lane.groups.size();
    }
    total_of_.assign(series_.size(), kNone);
    for (uint32_t group = 0; group < series_.size(); ++group) {
      if (lanes_of[group] < 2) continue;
      total_of_[group] = static_cast<uint32_t>(totaled_.size());
      totaled_.push_back(group);
    }
    cells_ = context.reserve(lane_groups + totaled_.size(), steps_.count, sizeof(Cell));
    result_ = std::make_unique<Rows>(context, steps_.count);
    result_->reset(series_.size());
    source_->add(*this, pos_.start);
  }

  void prepare(Context& context) override {
    source_->run(context, *this);
    if (lanes_.empty()) return;
    for (uint32_t total = 0; total < totaled_.size(); ++total) {
      put_results(totals_.data() + total * steps_.count, totaled_[total]);
    }
    if (op_ == AggregateOp::kSum || op_ == AggregateOp::kAvg) {
      std::vector<GroupedHistogram> histograms;
      for (Lane& lane : lanes_) {
        std::move(lane.histograms.begin(), lane.histograms.end(), std::back_inserter(histograms));
      }
      fold_histograms(context, op_ == AggregateOp::kAvg, histograms, child().series(), pos_,
                      *result_);
    }
    lanes_.clear();
    {
      MutexLock lock(mutex_);
      free_cells_ = {};
    }
    totals_ = {};
    cells_.release();
    result_->hold_points();
  }

  void rows(Context&, Range range, Rows& out) const override {
    out.reset(range.size());
    for (size_t i = 0; i < range.size(); ++i) out.copy_row(i, *result_, range.begin + i);
  }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  struct Lane {
    Range range;
    // Of each series: its group among those of the lane; kNone where it is the only one of its
    // group, whose row becomes the result at once.
    std::vector<uint32_t> local;
    std::vector<uint32_t> groups;  // the lane's groups
    std::vector<Cell> cells;
    std::vector<GroupedHistogram> histograms;
    bool ended = false;
  };

  const Operator& child() const { return source_->child(); }

  void begin(size_t l) override {
    Lane& lane = lanes_[l];
    {
      MutexLock lock(mutex_);
      if (!free_cells_.empty()) {
        lane.cells = std::move(free_cells_.back());
        free_cells_.pop_back();
      }
    }
    lane.cells.assign(lane.groups.size() * steps_.count, Cell());
  }

  void fold(Context& context, size_t l, size_t first, const Rows& rows) override {
    Lane& lane = lanes_[l];
    for (size_t i = 0; i < rows.count(); ++i) {
      const size_t series = first + i;
      const uint32_t local = lane.local[series - lane.range.begin];
      Cell* const cells = local == kNone ? nullptr : lane.cells.data() + local * steps_.count;
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
                                     static_cast<uint32_t>(series),
                                     histograms[step],
                                     cells != nullptr && !is_absent(cells[step].result())});
          break;
        default:
          context.annotations.info(histogram_ignored_in_aggregation_text(aggregate_name(op_)),
                                   pos_);
      }
    }
  }

  void put_results(const Cell* cells, uint32_t group) {
    double* const row = (*result_)[group];
    for (size_t step = 0; step < steps_.count; ++step) row[step] = cells[step].result();
  }

  void end(Context& context, size_t l) override {
    Lane& lane = lanes_[l];
    for (size_t g = 0; g < lane.groups.size(); ++g) {
      const uint32_t group = lane.groups[g];
      if (total_of_[group] == kNone) put_results(lane.cells.data() + g * steps_.count, group);
    }
    {
      MutexLock lock(mutex_);
      lane.ended = true;
      if (totaling_) return;  // whoever does it sees this lane, too
      totaling_ = true;
    }
    while (Lane* const next = next_ended()) {
      context.check();
      add_to_totals(*next);
      MutexLock lock(mutex_);
      free_cells_.push_back(std::move(next->cells));
    }
  }

  // The next lane in their order; nullptr, and the end of totaling, where it has not ended.
  Lane* next_ended() {
    MutexLock lock(mutex_);
    if (totaled_lanes_ < lanes_.size() && lanes_[totaled_lanes_].ended) {
      return &lanes_[totaled_lanes_++];
    }
    totaling_ = false;
    return nullptr;
  }

  void add_to_totals(Lane& lane) {
    if (totals_.empty()) totals_.resize(totaled_.size() * steps_.count);
    for (GroupedHistogram& h : lane.histograms) {
      const uint32_t total = total_of_[h.cell / steps_.count];
      if (total == kNone) continue;
      const Cell& before = totals_[total * steps_.count + h.cell % steps_.count];
      h.after_float |= !is_absent(before.result());
    }
    for (size_t g = 0; g < lane.groups.size(); ++g) {
      const uint32_t total = total_of_[lane.groups[g]];
      if (total == kNone) continue;
      Cell* const to = totals_.data() + total * steps_.count;
      const Cell* const cells = lane.cells.data() + g * steps_.count;
      for (size_t step = 0; step < steps_.count; ++step) to[step].merge(cells[step]);
    }
  }

  const AggregateOp op_;
  const FoldSourcePtr source_;
  Grouping grouping_;
  const PosRange pos_;
  std::vector<Lane> lanes_;
  std::vector<uint32_t> total_of_;  // of each group that several lanes have; else kNone
  std::vector<uint32_t> totaled_;   // these groups
  std::vector<Cell> totals_;        // whoever is totaling
  Reservation cells_;
  std::unique_ptr<Rows> result_;
  Mutex mutex_;
  bool totaling_ GUARDED_BY(mutex_) = false;
  size_t totaled_lanes_ GUARDED_BY(mutex_) = 0;
  std::vector<std::vector<Cell>> free_cells_ GUARDED_BY(mutex_);  // of lanes that ended
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
