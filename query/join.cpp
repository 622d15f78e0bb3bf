// Arithmetic and comparison of two vectors: which series meet, and what the result is called.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/error.h"
#include "query/binary.h"
#include "query/label_sets.h"
#include "query/repeats.h"

namespace hearth::promql {
namespace {

constexpr uint32_t kNone = ~uint32_t{0};

std::vector<std::string> signature_names(const VectorMatching& matching) {
  std::vector<std::string> names = matching.labels;
  if (!matching.on) names.emplace_back(kMetricName);
  return names;
}

// The "many" side gives a result for each of its series; the "one" side is looked up by the labels
// that are matched on, its signature. Of one-to-one matching the left is called many.
//
// Mostly a signature has one series on the "one" side, and each result has one pair: then results
// are made row by row. Where several series share a signature, who meets whom depends on the step:
// then the steps are gone through one by one, while opening, because the results' labels depend on
// it, too.
class JoinOp final : public Operator {
 public:
  JoinOp(const BinaryExpr& expr, OperatorPtr left, OperatorPtr right, std::vector<int64_t> repeats)
      : Operator(left->steps()),
        matching_(*expr.matching),
        signature_(signature_names(matching_), matching_.on),
        arithmetic_(expr.op, expr.return_bool, Arithmetic::Keep::kLeft, expr.pos),
        swapped_(matching_.card == Cardinality::kOneToMany),
        many_(std::move(swapped_ ? right : left)),
        one_(std::move(swapped_ ? left : right)),
        repeats_(std::move(repeats)) {}

  void will_ask_once() override {
    many_->will_ask_once();
    one_->will_ask_once();
  }

  void open(Context& context) override {
    many_->open(context);
    one_->open(context);
    Numbering numbers(context.budget);
    std::string flat;
    const auto number_all = [&](const SeriesList& in, std::vector<uint32_t>& out) {
      for (const LabelsView labels : in.labels) {
        if (out.size() % 1024 == 0) context.check();
        signature_.choose(labels, flat);
        out.push_back(numbers.number(flat).first);
      }
    };
    number_all(one_->series(), one_signature_);
    number_all(many_->series(), many_signature_);
    signatures_ = numbers.size();
    if (!open_by_rows(context)) open_by_steps(context);
  }

  void prepare(Context& context) override {
    if (result_ != nullptr) return;
    many_->prepare(context);
    one_->prepare(context);
    if (matching_.card != Cardinality::kOneToOne) {  // a row of the one side is needed many times
      reserved_.release();
      one_rows_ = std::make_unique<Rows>(context, steps_.count);
      materialise(context, *one_, *one_rows_);
    } else {
      hear_others(context, *one_, pair_one_);
    }
    hear_others(context, *many_, pair_many_);
  }

  void rows(Context& context, Range range, Rows& out) const override {
    out.reset(range.size());
    if (result_ != nullptr) {
      for (size_t i = 0; i < range.size(); ++i) out.copy_row(i, *result_, range.begin + i);
      return;
    }
    ScratchRows many(context, steps_.count);
    const auto manys = std::span<const uint32_t>(pair_many_).subspan(range.begin, range.size());
    const auto ones = std::span<const uint32_t>(pair_one_).subspan(range.begin, range.size());
    if (one_rows_ == nullptr && !repeats_.empty() &&
        std::equal(manys.begin(), manys.end(), ones.begin())) {
      {
        const Repeats repeats(repeats_);
        gather_rows(context, *many_, manys, *many);
      }
      for (size_t i = 0; i < range.size(); ++i) combine(context, manys[i], *many, i, *many, i, out, i);
      return;
    }
    gather_rows(context, *many_, manys, *many);
    if (one_rows_ != nullptr) {
      for (size_t i = 0; i < range.size(); ++i)
        combine(context, manys[i], *many, i, *one_rows_, ones[i], out, i);
      return;
    }
    ScratchRows one(context, steps_.count);
    gather_rows(context, *one_, ones, *one);
    for (size_t i = 0; i < range.size(); ++i) combine(context, manys[i], *many, i, *one, i, out, i);
  }

 private:
  // Of the pair of this series of the many side.
  void combine(Context& context, uint32_t series, const Rows& many, size_t m, const Rows& one,
               size_t o, Rows& out, size_t to) const {
    if (swapped_) {
      arithmetic_.row(context, {steps_, series}, one, o, many, m, out, to);
    } else {
      arithmetic_.row(context, {steps_, series}, many, m, one, o, out, to);
    }
  }

  std::string result_labels(Context& context, LabelsView many, LabelsView one) const {
    LabelsBuilder builder(many);
    const bool drops = arithmetic_.changes_metric() ||
                       (arithmetic_.return_bool() && !context.options.delayed_name_removal);
    if (drops) builder.retain([](std::string_view name) { return !is_metadata_label(name); });
    if (matching_.card == Cardinality::kOneToOne) {
      const LabelNames names(matching_.labels, matching_.on);
      builder.retain([&](std::string_view name) { return names.contains(name) == matching_.on; });
    }
    for (const std::string& name : matching_.include) builder.set(name, one.get(name));
    return builder.build().flat();
  }

  // As in Prometheus, a comparison that filters gives back the name that its operand would lose at
  // the end.
  bool drops_name(const Context& context) const {
    return context.options.delayed_name_removal && arithmetic_.return_bool();
  }

  // ---- row by row

  // Returns false when who meets whom may change from step to step.
  bool open_by_rows(Context& context) {
    if (matching_.fill_left || matching_.fill_right) return false;
    std::vector<uint32_t> one_of(signatures_, kNone);
    for (uint32_t i = 0; i < one_signature_.size(); ++i) {
      uint32_t& one = one_of[one_signature_[i]];
      if (one != kNone) return false;
      one = i;
    }
    std::vector<uint8_t> met(signatures_);
    Numbering results(context.budget);
    SeriesList series;
    for (uint32_t i = 0; i < many_signature_.size(); ++i) {
      if (i % 1024 == 0) context.check();
      const uint32_t signature = many_signature_[i];
      if (one_of[signature] == kNone) continue;
      if (matching_.card == Cardinality::kOneToOne && met[signature]++ != 0) return false;
      const std::string flat = result_labels(context, many_->series().labels[i],
                                             one_->series().labels[one_of[signature]]);
      if (!results.number(flat).second) return false;
      series.labels.push_back(context.keep_labels(flat));
      series.drop_name.push_back(drops_name(context));
      pair_many_.push_back(i);
      pair_one_.push_back(one_of[signature]);
    }
    if (!context.options.delayed_name_removal) series.drop_name.clear();
    series_ = std::move(series);
    if (matching_.card != Cardinality::kOneToOne) {
      reserved_ = context.reserve(one_->series().size(), steps_.count, sizeof(double));
    }
    return true;
  }

  // ---- step by step

  void open_by_steps(Context& context) {
    pair_many_.clear();
    pair_one_.clear();
    reserved_ = context.reserve(many_->series().size() + one_->series().size(), steps_.count,
                                sizeof(double));
    many_->prepare(context);
    one_->prepare(context);
    reserved_.release();
    Rows many(context, steps_.count), one(context, steps_.count);
    materialise(context, *many_, many);
    materialise(context, *one_, one);

    Numbering numbers(context.budget);
    std::vector<std::unique_ptr<Rows>> results;
    std::unordered_map<uint64_t, uint32_t> result_of_pair;
    // Of one step each: the operands, the result.
    Rows left(context, 1), right(context, 1), outcome(context, 1);

    std::vector<uint32_t> one_at(signatures_), met_at(signatures_);
    std::vector<std::vector<uint32_t>> grouped(signatures_);  // results of this step by signature
    const auto load = [](Rows& to, const Rows& from, size_t row, size_t step) {
      to.reset(1);
      to[0][0] = from[row][step];
      if (const HistogramPtr* h = from.histograms(row); h != nullptr && h[step] != nullptr) {
        to.make_histograms(0)[0] = h[step];
      }
    };
    uint32_t met = 0;  // pairs of all steps
    // "left" means the many side here, also where that stands on the right.
    const auto& fill_many = matching_.fill_left;
    const auto& fill_one = matching_.fill_right;
    const auto meet = [&](uint32_t m, uint32_t o, uint32_t signature, size_t step) {
      Rows& many_side = swapped_ ? right : left;
      Rows& one_side = swapped_ ? left : right;
      if (m != kNone) {
        load(many_side, many, m, step);
      } else {
        many_side.reset(1);
        many_side[0][0] = *fill_many;
      }
      if (o != kNone) {
        load(one_side, one, o, step);
      } else {
        one_side.reset(1);
        one_side[0][0] = *fill_one;
      }
      outcome.reset(1);
      arithmetic_.row(context, {{steps_.at(step), 0, 1}, met++}, left, 0, right, 0, outcome, 0);
      // Points that do not fit are no match, as in Prometheus; those that a comparison drops are.
      if (!outcome.has_point(0, 0) &&
          !arithmetic_.filters(left.histograms(0) != nullptr, right.histograms(0) != nullptr)) {
        return;
      }

      const auto [pair, is_new_pair] = result_of_pair.emplace(uint64_t{m} << 32 | o, 0);
      if (is_new_pair) {
        const std::string m_labels = m != kNone ? std::string(many_->series().labels[m].flat())
                                                : matched(one_->series().labels[o]);
        const std::string o_labels = o != kNone ? std::string(one_->series().labels[o].flat())
                                                : matched(many_->series().labels[m]);
        const std::string flat = result_labels(context, LabelsView(m_labels), LabelsView(o_labels));
        const auto [number, is_new] = numbers.number(flat);
        pair->second = number;
        if (is_new) {
          series_.labels.push_back(context.keep_labels(flat));
          series_.drop_name.push_back(drops_name(context));
          results.push_back(std::make_unique<Rows>(context, steps_.count));
          results.back()->reset(1);
        }
      }
      const uint32_t result = pair->second;
      if (matching_.card == Cardinality::kOneToOne) {
        if (met_at[signature] == step + 1) {
          throw Error(ErrorKind::kExecution,
                      "multiple matches for labels: many-to-one matching must be explicit "
                      "(group_left/group_right)");
        }
      } else {
        if (met_at[signature] != step + 1) grouped[signature].clear();
        for (const uint32_t known : grouped[signature]) {
          if (known == result) {
            throw Error(ErrorKind::kExecution,
                        "multiple matches for labels: grouping labels must ensure unique matches");
          }
        }
        grouped[signature].push_back(result);
      }
      met_at[signature] = static_cast<uint32_t>(step + 1);
      if (!outcome.has_point(0, 0)) return;
      Rows& into = *results[result];
      if (into.has_point(0, step)) throw_same_labelset();
      into[0][step] = outcome[0][0];
      if (const HistogramPtr* h = outcome.histograms(0); h != nullptr && h[0] != nullptr) {
        into.make_histograms(0)[step] = h[0];
      }
    };

    std::vector<uint32_t> present_many, present_one;
    for (size_t step = 0; step < steps_.count; ++step) {
      if (step % 64 == 0) context.check();
      // In the order that Prometheus has them in: errors name those that come first.
      const auto present = [&](const Operator& side, const Rows& rows, std::vector<uint32_t>& out) {
        const std::vector<uint32_t>* order = side.order();
        const size_t count = order == nullptr ? rows.count() : order->size();
        out.clear();
        for (uint32_t i = 0; i < count; ++i) {
          const uint32_t row = order == nullptr ? i : (*order)[i];
          if (rows.has_point(row, step)) out.push_back(row);
        }
      };
      present(*many_, many, present_many);
      present(*one_, one, present_one);
      if (present_many.empty() && present_one.empty()) continue;
      if ((present_many.empty() || present_one.empty()) && !matching_.fill_left &&
          !matching_.fill_right) {
        continue;
      }
      std::fill(one_at.begin(), one_at.end(), kNone);
      for (const uint32_t o : present_one) {
        uint32_t& known = one_at[one_signature_[o]];
        if (known != kNone) throw_duplicate(o, known);
        known = o;
      }
      for (const uint32_t m : present_many) {
        const uint32_t signature = many_signature_[m];
        if (one_at[signature] != kNone || fill_one) meet(m, one_at[signature], signature, step);
      }
      if (!fill_many) continue;
      for (const uint32_t o : present_one) {
        const uint32_t signature = one_signature_[o];
        if (met_at[signature] != step + 1) meet(kNone, o, signature, step);
      }
    }
    if (!context.options.delayed_name_removal) series_.drop_name.clear();
    result_ = std::make_unique<Rows>(context, steps_.count);
    result_->reset(results.size());
    for (size_t i = 0; i < results.size(); ++i) result_->copy_row(i, *results[i], 0);
  }

  std::string matched(LabelsView labels) const {
    std::string flat;
    signature_.choose(labels, flat);
    return flat;
  }

  [[noreturn]] void throw_duplicate(uint32_t series, uint32_t known) const {
    const auto& labels = one_->series().labels;
    const std::string group = matched(labels[series]);
    throw Error(
        ErrorKind::kExecution,
        fmt::format("found duplicate series for the match group {} on the {} hand-side of the "
                    "operation: [{}, {}];many-to-many matching not allowed: matching labels "
                    "must be unique on one side",
                    labels_text(LabelsView(group)), swapped_ ? "left" : "right",
                    labels_text(labels[series]), labels_text(labels[known])));
  }

  const VectorMatching matching_;
  const LabelNames signature_;
  const Arithmetic arithmetic_;
  const bool swapped_;  // the left side is the "one"
  const OperatorPtr many_, one_;
  const std::vector<int64_t> repeats_;
  std::vector<uint32_t> many_signature_, one_signature_;
  size_t signatures_ = 0;
  std::vector<uint32_t> pair_many_, pair_one_;  // row by row: of each result
  Reservation reserved_;
  std::unique_ptr<Rows> one_rows_;
  std::unique_ptr<Rows> result_;  // step by step
};

}  // namespace

OperatorPtr make_join(const BinaryExpr& expr, OperatorPtr left, OperatorPtr right,
                      std::vector<int64_t> repeats) {
  return std::make_unique<JoinOp>(expr, std::move(left), std::move(right), std::move(repeats));
}

}  // namespace hearth::promql
