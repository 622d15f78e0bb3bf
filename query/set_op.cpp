// and, or, unless.
#include "query/binary.h"
#include "query/label_sets.h"

namespace hearth::promql {
namespace {

// At which steps any series with a signature has a point.
class Presence {
 public:
  void reserve(Context& context, size_t signatures, size_t steps) {
    reserved_ = context.reserve(signatures, steps, 1);
    steps_ = steps;
    present_.assign(signatures * steps, 0);
  }
  void mark(const std::vector<uint32_t>& signatures, size_t first, const Rows& rows) {
    for (size_t i = 0; i < rows.count(); ++i) {
      uint8_t* of = present_.data() + signatures[first + i] * steps_;
      for (size_t step = 0; step < steps_; ++step) {
        if (rows.has_point(i, step)) of[step] = 1;
      }
    }
  }
  // Keeps the points of a row only where the signature's presence is `wanted`.
  void mask(uint32_t signature, bool wanted, Rows& rows, size_t row) const {
    const uint8_t* of = present_.data() + signature * steps_;
    double* cells = rows[row];
    HistogramPtr* histograms = rows.histograms(row);
    for (size_t step = 0; step < steps_; ++step) {
      if ((of[step] != 0) == wanted) continue;
      cells[step] = absent();
      if (histograms != nullptr) histograms[step] = nullptr;
    }
  }

 private:
  size_t steps_ = 0;
  Reservation reserved_;
  std::vector<uint8_t> present_;
};

class SetOp final : public Operator {
 public:
  SetOp(BinaryOp op, const VectorMatching& matching, OperatorPtr left, OperatorPtr right)
      : Operator(left->steps()),
        op_(op),
        signature_(names(matching), matching.on),
        left_(std::move(left)),
        right_(std::move(right)) {}

  void will_ask_once() override {
    if (op_ == BinaryOp::kOr) return;  // looks at all rows before it gives any
    left_->will_ask_once();
    right_->will_ask_once();
  }

  void open(Context& context) override {
    left_->open(context);
    right_->open(context);
    Numbering numbers(context.budget);
    std::string flat;
    for (const Operator* side : {left_.get(), right_.get()}) {
      auto& signatures = side == left_.get() ? left_signature_ : right_signature_;
      for (const LabelsView labels : side->series().labels) {
        if (signatures.size() % 1024 == 0) context.check();
        signature_.choose(labels, flat);
        signatures.push_back(numbers.number(flat).first);
      }
    }
    presence_.reserve(context, numbers.size(), steps_.count);
    if (op_ != BinaryOp::kOr) return return_series_of(*left_);
    series_ = left_->series();
    const SeriesList& right = right_->series();
    if (!series_.drop_name.empty() || !right.drop_name.empty()) {
      series_.drop_name.resize(series_.size());
      for (size_t i = 0; i < right.size(); ++i) series_.drop_name.push_back(right.drops_name(i));
    }
    series_.labels.insert(series_.labels.end(), right.labels.begin(), right.labels.end());
    merging_.set(context, series_);
    if (!series_.drop_name.empty() && !merging_.is_identity()) choose_names(context);
  }

  void prepare(Context& context) override {
    if (!looked_) look(context);
  }

  const std::vector<uint32_t>* order() const override {
    return op_ == BinaryOp::kOr ? nullptr : left_->order();
  }

  void rows(Context& context, Range range, Rows& out) const override {
    if (op_ != BinaryOp::kOr) {
      left_->rows(context, range, out);
      for (size_t i = 0; i < range.size(); ++i) {
        presence_.mask(left_signature_[range.begin + i], op_ == BinaryOp::kAnd, out, i);
      }
      return;
    }
    if (merging_.is_identity() && range.end <= left_->series().size()) {
      left_->rows(context, range, out);
      return;
    }
    out.reset(range.size());
    ScratchRows one(context, steps_.count);
    for (size_t i = 0; i < range.size(); ++i) {
      const auto output = static_cast<uint32_t>(range.begin + i);
      if (merging_.is_identity()) {
        add(context, output, *one, out, i);
      } else {
        for (const uint32_t member : merging_.members(output)) add(context, member, *one, out, i);
      }
    }
  }

 private:
  static std::vector<std::string> names(const VectorMatching& matching) {
    std::vector<std::string> names = matching.labels;
    if (!matching.on) names.emplace_back(kMetricName);
    return names;
  }

  // Adds the row of a series, counted over left and right, to a result of `or`.
  void add(Context& context, size_t series, Rows& one, Rows& out, size_t row) const {
    const size_t lefts = left_->series().size();
    if (series < lefts) {
      left_->rows(context, {series, series + 1}, one);
    } else {
      right_->rows(context, {series - lefts, series - lefts + 1}, one);
      presence_.mask(right_signature_[series - lefts], false, one, 0);
    }
    merge_row(out, row, one, 0);
  }

  void look(Context& context) {
    looked_ = true;
    left_->prepare(context);
    right_->prepare(context);
    const bool of_left = op_ == BinaryOp::kOr;
    const Operator& looked_at = of_left ? *left_ : *right_;
    const auto& signatures = of_left ? left_signature_ : right_signature_;
    fold_in_order(context, looked_at,
                  [&](size_t first, const Rows& rows) { presence_.mark(signatures, first, rows); });
  }

  // A series of both sides, whose name one of them drops at the end: it is dropped if that side has
  // the first point.
  void choose_names(Context& context) {
    const size_t lefts = left_->series().size();
    ScratchRows of_left(context, steps_.count), of_right(context, steps_.count);
    for (size_t i = 0; i < series_.size(); ++i) {
      const std::vector<uint32_t>& members = merging_.members(i);
      if (members.size() != 2 || members[1] < lefts) continue;
      const size_t left = members[0], right = members[1] - lefts;
      if (left_->series().drops_name(left) == right_->series().drops_name(right)) continue;
      if (!looked_) look(context);
      left_->rows(context, {left, left + 1}, *of_left);
      right_->rows(context, {right, right + 1}, *of_right);
      presence_.mask(right_signature_[right], false, *of_right, 0);
      for (size_t step = 0; step < steps_.count && !of_left->has_point(0, step); ++step) {
        if (!of_right->has_point(0, step)) continue;
        series_.drop_name[i] = right_->series().drops_name(right);
        break;
      }
    }
  }

  const BinaryOp op_;
  const LabelNames signature_;
  const OperatorPtr left_, right_;
  std::vector<uint32_t> left_signature_, right_signature_;
  bool looked_ = false;
  Presence presence_;
  Merging merging_;
};

}  // namespace

OperatorPtr make_set_operation(const BinaryExpr& expr, OperatorPtr left, OperatorPtr right) {
  return std::make_unique<SetOp>(expr.op, *expr.matching, std::move(left), std::move(right));
}

}  // namespace hearth::promql
