#include "query/histogram_ops.h"

#include <fmt/format.h>

#include "core/histogram_math.h"
#include "query/histogram_notes.h"
#include "query/histogram_trim.h"

namespace hearth::promql {
namespace {

MixedResult made(Context& context, FloatHistogram histogram) {
  compact(histogram);
  return {true, true, context.keep(std::move(histogram)), {}};
}

MixedResult refused(Annotations::Note note) {
  MixedResult result;
  result.note = std::move(note);
  return result;
}

MixedResult sum_or_difference(Context& context, BinaryOp op, const FloatHistogram& left,
                              const FloatHistogram& right) {
  FloatHistogram result = left;
  const bool plus = op == BinaryOp::kAdd;
  const auto merged = plus ? add(result, right) : subtract(result, right);
  if (!merged) {
    return refused({true, fmt::format("incompatible bucket layout encountered for binary operator {}",
                                      binary_op_text(op))});
  }
  const std::string_view operation = plus ? "addition" : "subtraction";
  if (!plus) result.counter_reset_hint = CounterResetHint::kGauge;
  MixedResult sum = made(context, std::move(result));
  if (merged->bounds_reconciled) sum.note = {false, bounds_reconciled_text(operation)};
  if (merged->hints_collide) sum.note = {true, resets_collide_text(operation)};
  return sum;
}

}  // namespace

HistogramPtr scaled(Context& context, const FloatHistogram& histogram, double factor) {
  FloatHistogram result = histogram;
  multiply(result, factor);
  return context.keep(std::move(result));
}

MixedResult combine_histograms(Context& context, BinaryOp op, double left,
                               const HistogramPtr& left_histogram, double right,
                               const HistogramPtr& right_histogram) {
  const bool l = left_histogram != nullptr, r = right_histogram != nullptr;
  if (l && r) {
    if (op == BinaryOp::kAdd || op == BinaryOp::kSub) {
      return sum_or_difference(context, op, *left_histogram, *right_histogram);
    }
    if (op == BinaryOp::kEql || op == BinaryOp::kNeq) {
      const bool same = same_histogram(*left_histogram, *right_histogram);
      return {true, same == (op == BinaryOp::kEql), left_histogram, {}};
    }
  } else if (op == BinaryOp::kMul && (l || r)) {
    FloatHistogram result = l ? *left_histogram : *right_histogram;
    multiply(result, l ? right : left);
    return made(context, std::move(result));
  } else if (op == BinaryOp::kDiv && l) {
    FloatHistogram result = *left_histogram;
    divide(result, right);
    return made(context, std::move(result));
  } else if ((op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower) && l) {
    FloatHistogram result = *left_histogram;
    trim_histogram(result, right, op == BinaryOp::kTrimUpper ? Trim::kUpper : Trim::kLower);
    return made(context, std::move(result));
  }
  const std::string_view text = binary_op_text(op);
  return refused(
      {false, fmt::format("incompatible sample types encountered for binary operator \"{}\": {} {} {}",
                          text, l ? "histogram" : "float", text, r ? "histogram" : "float")});
}

}  // namespace hearth::promql
