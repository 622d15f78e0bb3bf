// Groups that are folded when somebody asks for them, and kept nowhere: for aggregations that have
// many small ones, each of which is asked for once.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "query/aggregate.h"
#include "query/fold_cells.h"

namespace hearth::promql {

// Immutable. `child` and `grouping` are open, and must outlive it.
template <class Cell>
class GroupsOnDemand {
 public:
  GroupsOnDemand(Context& context, AggregateOp op, const Operator& child, const Grouping& grouping,
                 PosRange child_pos)
      : op_(op),
        child_(child),
        grouping_(grouping),
        pos_(child_pos),
        reserved_(
            context.reserve(child.series().size() + grouping.size() + 1, 1, sizeof(uint32_t))),
        begin_(grouping.size() + 1),
        members_(child.series().size()) {
    for (size_t i = 0; i < members_.size(); ++i) ++begin_[grouping[i] + 1];
    std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
    std::vector<uint32_t> next(begin_.begin(), begin_.end() - 1);
    for (uint32_t i = 0; i < members_.size(); ++i) members_[next[grouping[i]]++] = i;
  }

  // Makes `out` the rows of these groups. Each group's series are added in their order.
  void rows(Context& context, Range groups, Rows& out) const {
    out.reset(groups.size());
    const size_t steps = out.steps();
    std::vector<uint32_t> wanted(members_.begin() + begin_[groups.begin],
                                 members_.begin() + begin_[groups.end]);
    std::sort(wanted.begin(), wanted.end());  // neighbours are read together
    std::vector<uint32_t> cells_of(groups.size(), kAlone);
    uint32_t larger = 0;  // groups of several series
    for (size_t group = 0; group < groups.size(); ++group) {
      const size_t at = groups.begin + group;
      if (begin_[at + 1] - begin_[at] > 1) cells_of[group] = larger++;
    }
    const Reservation reserved = context.reserve(larger, steps, sizeof(Cell));
    std::vector<Cell> cells(larger * steps);
    std::vector<GroupedHistogram> histograms;
    const auto row_of = [&](size_t group) {
      const uint32_t at = cells_of[group];
      return GroupRow<Cell>{at == kAlone ? nullptr : cells.data() + at * steps, out[group], steps};
    };
    ScratchRows rows(context, steps);
    const size_t portion = context.rows_at_once(steps);
    for (size_t first = 0; first < wanted.size(); first += portion) {
      context.check();
      const auto some = std::span<const uint32_t>(wanted).subspan(
          first, std::min(portion, wanted.size() - first));
      gather_rows(context, child_, some, *rows);
      for (size_t i = 0; i < some.size(); ++i) {
        const size_t group = grouping_[some[i]] - groups.begin;
        const GroupRow<Cell> to = row_of(group);
        to.add((*rows)[i]);
        if (const HistogramPtr* h = rows->histograms(i)) {
          to.add_histograms(context, op_, pos_, h, group, some[i], histograms);
        }
      }
    }
    for (size_t group = 0; group < groups.size(); ++group) {
      const GroupRow<Cell> row = row_of(group);
      if (row.cells != nullptr) put_results(row.cells, row.results, steps);
    }
    fold_histograms(context, op_ == AggregateOp::kAvg, histograms, child_.series(), pos_, out);
    out.hold_points();
  }

 private:
  static constexpr uint32_t kAlone = ~uint32_t{0};

  const AggregateOp op_;
  const Operator& child_;
  const Grouping& grouping_;
  const PosRange pos_;
  const Reservation reserved_;
  std::vector<uint32_t> begin_;    // of each group among the members; one more
  std::vector<uint32_t> members_;  // group by group
};

}  // namespace hearth::promql
