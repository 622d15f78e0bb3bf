// Binary operators on rows.
#pragma once

#include "query/ast.h"
#include "query/context.h"
#include "query/operator.h"
#include "query/rows.h"

namespace hearth::promql {

// One operator as an expression has it. Immutable, thread-safe.
class Arithmetic {
 public:
  // What a comparison without `bool` gives where it holds.
  enum class Keep { kLeft, kRight };
  Arithmetic(BinaryOp op, bool return_bool, Keep keep, PosRange pos);

  // Two operands, at these steps; among the pairs of an operation the one of this number.
  struct Pair {
    Steps steps;
    uint32_t order = 0;
  };
  // Row `to` of `out` = left row `l` op right row `r`. `out` may be one of them, with `to` its row.
  // `out`'s row has no histograms, unless it is one of them.
  void row(Context& context, const Pair& pair, const Rows& left, size_t l, const Rows& right,
           size_t r, Rows& out, size_t to) const;

  // Whether two points, which may be histograms, can be compared, so that a result that has none
  // tells that a comparison does not hold: else it tells that they do not fit.
  bool filters(bool left_histogram, bool right_histogram) const {
    if (!is_comparison(op_) || return_bool_ || left_histogram != right_histogram) return false;
    return !left_histogram || op_ == BinaryOp::kEql || op_ == BinaryOp::kNeq;
  }

  // Whether the result is no longer the metric it was.
  bool drops_name() const { return return_bool_ || changes_metric_; }
  bool changes_metric() const { return changes_metric_; }
  bool return_bool() const { return return_bool_; }

 private:
  using Kernel = void (*)(const double* left, const double* right, size_t count, double* out);
  void slow_row(Context& context, const Pair& pair, const Rows& left, size_t l, const Rows& right,
                size_t r, Rows& out, size_t to) const;

  const BinaryOp op_;
  const bool return_bool_;
  const Keep keep_;
  const bool changes_metric_;
  const PosRange pos_;
  Kernel kernel_;
};

}  // namespace hearth::promql
