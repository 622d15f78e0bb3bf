#include "query/arithmetic.h"

#include <cmath>

#include "query/go_math.h"
#include "query/histogram_ops.h"

namespace hearth::promql {
namespace {

template <class Op>
void compute(const double* left, const double* right, size_t count, double* out) {
  for (size_t i = 0; i < count; ++i) {
    const double value = Op()(left[i], right[i]);
    out[i] = is_absent(left[i]) || is_absent(right[i]) ? absent() : value;
  }
}

template <class Op>
void compare(const double* left, const double* right, size_t count, double* out) {
  for (size_t i = 0; i < count; ++i) {
    const double value = Op()(left[i], right[i]) ? 1.0 : 0.0;
    out[i] = is_absent(left[i]) || is_absent(right[i]) ? absent() : value;
  }
}

template <class Op, bool kKeepRight>
void filter(const double* left, const double* right, size_t count, double* out) {
  for (size_t i = 0; i < count; ++i) {
    const double kept = kKeepRight ? right[i] : left[i];
    const bool keep = Op()(left[i], right[i]) && !is_absent(left[i]) && !is_absent(right[i]);
    out[i] = keep ? kept : absent();
  }
}

struct Power {
  double operator()(double a, double b) const { return go_pow(a, b); }
};
struct Modulo {
  double operator()(double a, double b) const { return std::fmod(a, b); }
};
struct Arctangent {
  double operator()(double a, double b) const { return std::atan2(a, b); }
};

using Kernel = void (*)(const double*, const double*, size_t, double*);

template <class Op>
Kernel comparison(bool return_bool, Arithmetic::Keep keep) {
  if (return_bool) return compare<Op>;
  return keep == Arithmetic::Keep::kRight ? filter<Op, true> : filter<Op, false>;
}

Kernel find_kernel(BinaryOp op, bool return_bool, Arithmetic::Keep keep) {
  switch (op) {
    case BinaryOp::kAdd:
      return compute<std::plus<double>>;
    case BinaryOp::kSub:
      return compute<std::minus<double>>;
    case BinaryOp::kMul:
      return compute<std::multiplies<double>>;
    case BinaryOp::kDiv:
      return compute<std::divides<double>>;
    case BinaryOp::kMod:
      return compute<Modulo>;
    case BinaryOp::kPow:
      return compute<Power>;
    case BinaryOp::kAtan2:
      return compute<Arctangent>;
    case BinaryOp::kEql:
      return comparison<std::equal_to<double>>(return_bool, keep);
    case BinaryOp::kNeq:
      return comparison<std::not_equal_to<double>>(return_bool, keep);
    case BinaryOp::kLss:
      return comparison<std::less<double>>(return_bool, keep);
    case BinaryOp::kGtr:
      return comparison<std::greater<double>>(return_bool, keep);
    case BinaryOp::kLte:
      return comparison<std::less_equal<double>>(return_bool, keep);
    case BinaryOp::kGte:
      return comparison<std::greater_equal<double>>(return_bool, keep);
    default:
      return nullptr;  // of histograms only, or of sets
  }
}

}  // namespace

Arithmetic::Arithmetic(BinaryOp op, bool return_bool, Keep keep, PosRange pos)
    : op_(op),
      return_bool_(return_bool),
      keep_(keep),
      changes_metric_(op <= BinaryOp::kAtan2),
      pos_(pos),
      kernel_(find_kernel(op, return_bool, keep)) {}

void Arithmetic::row(Context& context, const Pair& pair, const Rows& left, size_t l,
                     const Rows& right, size_t r, Rows& out, size_t to) const {
  if (kernel_ == nullptr || left.histograms(l) != nullptr || right.histograms(r) != nullptr) {
    slow_row(context, pair, left, l, right, r, out, to);
  } else {
    kernel_(left[l], right[r], out.steps(), out[to]);
  }
}

void Arithmetic::slow_row(Context& context, const Pair& pair, const Rows& left, size_t l,
                          const Rows& right, size_t r, Rows& out, size_t to) const {
  const auto at = [](const HistogramPtr* row, size_t i) {
    return row == nullptr ? HistogramPtr() : row[i];
  };
  for (size_t i = 0; i < out.steps(); ++i) {
    const double x = left[l][i], y = right[r][i];
    const HistogramPtr left_histogram = at(left.histograms(l), i);
    const HistogramPtr right_histogram = at(right.histograms(r), i);
    double value = absent();
    HistogramPtr histogram;
    const bool both = left.has_point(l, i) && right.has_point(r, i);
    if (both && kernel_ != nullptr && left_histogram == nullptr && right_histogram == nullptr) {
      kernel_(&x, &y, 1, &value);
    } else if (both) {
      const MixedResult result =
          combine_histograms(context, op_, x, left_histogram, y, right_histogram);
      // Kept until the query ends.
      context.budget.charge(
          context.annotations.pair(pair.steps.at(i), pair.order, result.note, pos_));
      if (result.valid && return_bool_) {
        value = result.keep ? 1 : 0;
      } else if (result.valid && result.keep) {
        histogram = result.histogram;
        if (is_comparison(op_) && keep_ == Keep::kRight) histogram = right_histogram;
      }
    }
    out[to][i] = value;
    if (histogram != nullptr) {
      out.make_histograms(to)[i] = std::move(histogram);
    } else if (HistogramPtr* row = out.histograms(to)) {
      row[i] = nullptr;
    }
  }
}

}  // namespace hearth::promql
