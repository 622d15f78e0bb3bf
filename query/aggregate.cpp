#include "query/aggregate.h"

#include <algorithm>

#include "core/mutex.h"
#include "query/fold_cells.h"
#include "query/groups_on_demand.h"

namespace hearth::promql {
namespace {

// Rows are folded in the lanes of their source. A lane that ends gives what it has of groups that
// others have, too, to these groups' totals, in the order of the lanes. Many small groups are left
// until they are asked for, if nobody asks twice.
template <class Cell>
class FoldAggregate final : public Operator, private FoldSink {
 public:
  FoldAggregate(AggregateOp op, FoldSourcePtr source, Grouping grouping, PosRange pos)
      : Operator(source->child().steps()),
        op_(op),
        source_(std::move(source)),
        grouping_(std::move(grouping)),
        pos_(pos) {
    source_->add_user();
  }

  void will_ask_once() override { asked_once_ = true; }

  void open(Context& context) override {
    source_->open(context);
    grouping_.open(context, child().series(), series_);
    std::vector<uint32_t> members(series_.size());
    for (size_t i = 0; i < child().series().size(); ++i) ++members[grouping_[i]];
    if (asked_once_ && !source_->is_shared() && are_many_small(context, members)) {
      on_demand_ = std::make_unique<GroupsOnDemand<Cell>>(context, op_, child(), grouping_, pos_);
      return;
    }
    lanes_.resize(source_->lanes().size());
    size_t lane_groups = 0;
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
    if (on_demand_ != nullptr) return source_->prepare(context);
    source_->run(context, *this);
    if (lanes_.empty()) return;
    for (uint32_t total = 0; total < totaled_.size(); ++total) {
      put_results(totals_.data() + total * steps_.count, (*result_)[totaled_[total]], steps_.count);
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

  void rows(Context& context, Range range, Rows& out) const override {
    if (on_demand_ != nullptr) return on_demand_->rows(context, range, out);
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

  // Whether all threads have enough to do when groups are computed by the slice.
  bool are_many_small(const Context& context, const std::vector<uint32_t>& members) const {
    constexpr size_t kSlices = 8;
    const size_t slice = context.options.slice_series;
    return members.size() >= kSlices * slice &&
           *std::max_element(members.begin(), members.end()) <= slice;
  }

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
      const uint32_t group = grouping_[series], local = lane.local[series - lane.range.begin];
      const GroupRow<Cell> to{local == kNone ? nullptr : lane.cells.data() + local * steps_.count,
                              local == kNone ? (*result_)[group] : nullptr, steps_.count};
      to.add(rows[i]);
      if (const HistogramPtr* h = rows.histograms(i)) {
        to.add_histograms(context, op_, pos_, h, group, static_cast<uint32_t>(series),
                          lane.histograms);
      }
    }
  }

  void end(Context& context, size_t l) override {
    Lane& lane = lanes_[l];
    for (size_t g = 0; g < lane.groups.size(); ++g) {
      const uint32_t group = lane.groups[g];
      if (total_of_[group] != kNone) continue;
      put_results(lane.cells.data() + g * steps_.count, (*result_)[group], steps_.count);
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
  bool asked_once_ = false;
  std::unique_ptr<GroupsOnDemand<Cell>> on_demand_;  // or all that follows
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
