#include "query/topk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/go_text.h"
#include "query/scan.h"

namespace hearth::promql {
namespace {

struct Entry {
  double value;
  uint32_t series;
};

// A heap that keeps the worst of the chosen at the front. It moves entries as Go's container/heap
// does, so that of equal values the same ones stay as in Prometheus. NaN is worse than all.
class WorstFirst {
 public:
  explicit WorstFirst(bool highest_wins) : highest_wins_(highest_wins) {}
  bool worse(double a, double b) const { return std::isnan(a) || (highest_wins_ ? a < b : a > b); }
  // Whether `value` shall take the place of the worst.
  bool beats(double value, double worst) const {
    return (highest_wins_ ? worst < value : worst > value) ||
           (std::isnan(worst) && !std::isnan(value));
  }
  void push(std::vector<Entry>& heap, Entry entry) const {
    heap.push_back(entry);
    for (size_t j = heap.size() - 1; j > 0;) {
      const size_t parent = (j - 1) / 2;
      if (!worse(heap[j].value, heap[parent].value)) break;
      std::swap(heap[parent], heap[j]);
      j = parent;
    }
  }
  void replace_worst(std::vector<Entry>& heap, Entry entry) const {
    heap[0] = entry;
    for (size_t i = 0;;) {
      size_t child = 2 * i + 1;
      if (child >= heap.size()) break;
      if (child + 1 < heap.size() && worse(heap[child + 1].value, heap[child].value)) ++child;
      if (!worse(heap[child].value, heap[i].value)) break;
      std::swap(heap[i], heap[child]);
      i = child;
    }
  }

 private:
  const bool highest_wins_;
};

// Rows of which each has few values. They count as points that the query holds. One thread.
class SparseRows {
 public:
  struct Value {
    uint32_t row, step;
    double value;
  };
  // The values of a row in the order of its steps.
  SparseRows(Context& context, size_t rows, const std::vector<Value>& values)
      : context_(context), charge_(context.budget) {
    charge_.grow_to((rows + 1) * sizeof(size_t) + values.size() * sizeof(Value));
    ends_.resize(rows + 1);
    values_.resize(values.size());
    for (const Value& value : values) ++ends_[value.row + 1];
    std::partial_sum(ends_.begin(), ends_.end(), ends_.begin());
    for (const Value& value : values) values_[ends_[value.row]++] = value;
    context.hold(values_.size());
  }
  ~SparseRows() { context_.release(values_.size()); }
  SparseRows(const SparseRows&) = delete;
  SparseRows& operator=(const SparseRows&) = delete;

  void copy_to(double* cells, size_t row) const {
    for (size_t i = row == 0 ? 0 : ends_[row - 1]; i < ends_[row]; ++i) {
      cells[values_[i].step] = values_[i].value;
    }
  }

 private:
  Context& context_;
  Charge charge_;
  std::vector<size_t> ends_;  // of each row's values; one more
  std::vector<Value> values_;
};

class KAggregate final : public Operator {
 public:
  explicit KAggregate(ParamAggregate parts)
      : Operator(parts.child->steps()), parts_(std::move(parts)) {
    parts_.child->will_ask_once();
  }

  void open(Context& context) override {
    parts_.child->open(context);
    parts_.param->open(context);
    return_series_of(*parts_.child);
    SeriesList groups;
    parts_.grouping.open(context, series(), groups);
    tables_ = context.reserve(
        groups.size(), steps_.count,
        chooses_by_value() ? sizeof(std::vector<Entry>) + sizeof(double) : sizeof(uint32_t));
  }

  void prepare(Context& context) override {
    parts_.child->prepare(context);
    parts_.param->prepare(context);
    Rows param(context, steps_.count);
    const double* k = scalar_row(context, *parts_.param, param);
    row_of_.assign(series().size(), -1);
    if (steps_.count == 0) return;
    if (!check_param(context, k)) {
      hear_others(context, *parts_.child, {});
      return;
    }
    if (chooses_by_value()) {
      choose_by_value(context, k);
    } else {
      choose_by_series(context, k);
    }
    tables_.release();
    present_ = order_;
    std::sort(present_.begin(), present_.end());
  }

  void rows(Context&, Range range, Rows& out) const override {
    out.reset(range.size());
    for (size_t i = 0; i < range.size(); ++i) {
      const int64_t row = row_of_[range.begin + i];
      if (row < 0) continue;
      if (chosen_ != nullptr) {
        out.copy_row(i, *chosen_, static_cast<size_t>(row));
      } else {
        chosen_values_->copy_to(out[i], static_cast<size_t>(row));
      }
    }
  }

  const std::vector<uint32_t>* order() const override {
    return steps_.count == 1 ? &order_ : nullptr;
  }
  const std::vector<uint32_t>* present() const override { return &present_; }

 private:
  bool chooses_by_value() const {
    return parts_.op == AggregateOp::kTopk || parts_.op == AggregateOp::kBottomk;
  }

  // Returns whether there is anything to choose.
  bool check_param(Context& context, const double* k) const {
    const auto [low, high] = std::minmax_element(k, k + steps_.count);
    const double min = *low, max = *high;
    const bool nan = std::any_of(k, k + steps_.count, [](double v) { return std::isnan(v); });
    if (parts_.op == AggregateOp::kLimitRatio) {
      if (!nan && min == 0 && max == 0) return false;
      if (nan) throw Error(ErrorKind::kExecution, "Ratio value is NaN");
      const auto capped = [&](double got, double to) {
        context.annotations.warn(
            fmt::format("ratio value should be between -1 and 1, got {}, capping to {}",
                        float_g(got), float_g(to)),
            parts_.param_pos);
      };
      if (max > 1) capped(max, 1);
      if (min < -1) capped(min, -1);
      return true;
    }
    if (!nan && max < 1) return false;
    if (nan) throw Error(ErrorKind::kExecution, "Parameter value is NaN");
    constexpr double kMaxInt = 9223372036854775808.0;
    if (min <= -kMaxInt) {
      throw Error(ErrorKind::kExecution, "Scalar value " + float_g(min) + " underflows int64");
    }
    if (max >= kMaxInt) {
      throw Error(ErrorKind::kExecution, "Scalar value " + float_g(max) + " overflows int64");
    }
    return true;
  }

  size_t limit(double k) const {
    if (k < 1) return 0;
    return static_cast<size_t>(std::min(k, static_cast<double>(series().size())));
  }

  // Calls take(series, rows, its row) in the order of the series, or in that which the child fixes.
  template <class Take>
  void for_each_row(Context& context, Take take) const {
    if (const std::vector<uint32_t>* order = parts_.child->order()) {
      Rows all(context, steps_.count);
      materialise(context, *parts_.child, all);
      for (const uint32_t series : *order) take(series, all, series);
      return;
    }
    fold_in_order(context, *parts_.child, [&](size_t first, const Rows& rows) {
      for (size_t i = 0; i < rows.count(); ++i) take(static_cast<uint32_t>(first + i), rows, i);
    });
  }

  void choose_by_value(Context& context, const double* k) {
    const bool highest = parts_.op == AggregateOp::kTopk;
    const WorstFirst order(highest);
    std::vector<std::vector<Entry>> heaps(parts_.grouping.size() * steps_.count);
    // What does not pass the bar of its step is not looked at: NaN until a heap is full.
    std::vector<double> bars(heaps.size(), std::nan(""));
    const auto count_passed_over = highest ? count_up_to : count_down_to;
    Charge entries(context.budget);
    size_t pushed = 0;
    for_each_row(context, [&](uint32_t series, const Rows& rows, size_t i) {
      const size_t group = parts_.grouping[series] * steps_.count;
      const double* row = rows[i];
      for (size_t step = 0; step < steps_.count; ++step) {
        step += count_passed_over(row + step, bars.data() + group + step, steps_.count - step);
        if (step == steps_.count) break;
        if (is_absent(row[step])) continue;
        std::vector<Entry>& heap = heaps[group + step];
        if (heap.size() < limit(k[step])) {
          order.push(heap, {row[step], series});
          ++pushed;
        } else if (!heap.empty() && order.beats(row[step], heap[0].value)) {
          order.replace_worst(heap, {row[step], series});
        }
        if (!heap.empty() && heap.size() == limit(k[step])) bars[group + step] = heap[0].value;
      }
      const HistogramPtr* h = rows.histograms(i);
      if (h != nullptr &&
          std::any_of(h, h + steps_.count, [](const auto& p) { return p != nullptr; })) {
        context.annotations.info(histogram_ignored_in_aggregation_text(aggregate_name(parts_.op)),
                                 parts_.pos);
      }
      if (pushed * 2 * sizeof(Entry) > entries.bytes())
        entries.grow_to(pushed * 4 * sizeof(Entry));  // vectors double
    });
    for (size_t at = 0; at < heaps.size(); ++at) {
      std::vector<Entry>& heap = heaps[at];
      std::stable_sort(heap.begin(), heap.end(), [&](const Entry& a, const Entry& b) {
        return !std::isnan(a.value) && order.worse(b.value, a.value);
      });
      for (const Entry& entry : heap) choose(entry.series);
    }
    std::vector<SparseRows::Value> values;
    for (size_t at = 0; at < heaps.size(); ++at) {
      for (const Entry& entry : heaps[at]) {
        values.push_back({static_cast<uint32_t>(row_of_[entry.series]),
                          static_cast<uint32_t>(at % steps_.count), entry.value});
      }
    }
    chosen_values_ = std::make_unique<SparseRows>(context, order_.size(), values);
  }

  void choose_by_series(Context& context, const double* k) {
    std::vector<uint32_t> taken(parts_.grouping.size() * steps_.count);
    const auto taken_by_hash = [&](uint32_t series, double ratio) {
      const double offset =
          static_cast<double>(this->series().labels[series].hash()) / 18446744073709551616.0;
      ratio = std::clamp(ratio, -1.0, 1.0);
      return ratio >= 0 ? offset < ratio : offset >= 1 + ratio;
    };
    std::vector<std::pair<uint32_t, std::unique_ptr<Rows>>> kept;
    // An instant query shows them as they come to stand in such a heap.
    const WorstFirst shown(true);
    std::vector<std::vector<Entry>> heaps(steps_.count == 1 ? parts_.grouping.size() : 0);
    for_each_row(context, [&](uint32_t series, const Rows& rows, size_t i) {
      uint32_t* group = taken.data() + parts_.grouping[series] * steps_.count;
      std::unique_ptr<Rows> row;
      for (size_t step = 0; step < steps_.count; ++step) {
        if (!rows.has_point(i, step)) continue;
        const bool take = parts_.op == AggregateOp::kLimitk ? group[step] < limit(k[step])
                                                            : taken_by_hash(series, k[step]);
        if (!take) continue;
        ++group[step];
        if (row == nullptr) {
          row = std::make_unique<Rows>(context, steps_.count);
          row->reset(1);
        }
        (*row)[0][step] = rows[i][step];
        if (const HistogramPtr* h = rows.histograms(i)) row->make_histograms(0)[step] = h[step];
      }
      if (row == nullptr) return;
      choose(series);
      if (!heaps.empty()) {
        const double value = (*row)[0][0];
        shown.push(heaps[parts_.grouping[series]], {is_absent(value) ? 0 : value, series});
      }
      kept.emplace_back(series, std::move(row));
    });
    chosen_ = std::make_unique<Rows>(context, steps_.count);
    chosen_->reset(kept.size());
    for (size_t i = 0; i < kept.size(); ++i) chosen_->copy_row(i, *kept[i].second, 0);
    chosen_->hold_points();
    if (heaps.empty()) return;
    order_.clear();
    for (const auto& heap : heaps) {
      for (const Entry& entry : heap) order_.push_back(entry.series);
    }
  }

  void choose(uint32_t series) {
    if (row_of_[series] >= 0) return;
    row_of_[series] = static_cast<int64_t>(order_.size());
    order_.push_back(series);
  }

  ParamAggregate parts_;
  Reservation tables_;
  std::vector<int64_t> row_of_;                // of each series: its row among the chosen, or -1
  std::vector<uint32_t> order_;                // the chosen series, best first within their groups
  std::vector<uint32_t> present_;              // the same, in their order
  std::unique_ptr<Rows> chosen_;               // by series, or
  std::unique_ptr<SparseRows> chosen_values_;  // by value
};

}  // namespace

OperatorPtr make_topk(ParamAggregate parts) {
  return std::make_unique<KAggregate>(std::move(parts));
}

}  // namespace hearth::promql
