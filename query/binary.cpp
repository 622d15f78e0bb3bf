#include "query/binary.h"

#include "query/map_op.h"

namespace hearth::promql {
namespace {

class ScalarBinary final : public MapOperator {
 public:
  // The operand that is no scalar (or the left) is the child; `swapped`: it stands on the right.
  ScalarBinary(Arithmetic arithmetic, OperatorPtr child, OperatorPtr scalar, bool swapped)
      : MapOperator(std::move(child), one(std::move(scalar))),
        arithmetic_(std::move(arithmetic)),
        swapped_(swapped) {}

 private:
  static std::vector<OperatorPtr> one(OperatorPtr scalar) {
    std::vector<OperatorPtr> scalars;
    scalars.push_back(std::move(scalar));
    return scalars;
  }
  Named rename(Context& context, LabelsView labels, bool drop_name) override {
    if (arithmetic_.drops_name()) return drop_metric_name<Named>(context, labels);
    return {labels, drop_name};
  }
  void map(Context& context, size_t series, Rows& rows, size_t row) const override {
    const Arithmetic::Pair pair{steps_, static_cast<uint32_t>(series)};
    if (swapped_) {
      arithmetic_.row(context, pair, scalar_rows(0), 0, rows, row, rows, row);
    } else {
      arithmetic_.row(context, pair, rows, row, scalar_rows(0), 0, rows, row);
    }
  }
  const Arithmetic arithmetic_;
  const bool swapped_;
};

}  // namespace

OperatorPtr make_scalar_binary(const BinaryExpr& expr, OperatorPtr left, OperatorPtr right) {
  const bool left_scalar = value_type(*expr.left) == ValueType::kScalar;
  const bool right_scalar = value_type(*expr.right) == ValueType::kScalar;
  const bool return_bool = expr.return_bool || (left_scalar && right_scalar);
  const bool swapped = left_scalar && !right_scalar;
  Arithmetic arithmetic(expr.op, return_bool,
                        swapped ? Arithmetic::Keep::kRight : Arithmetic::Keep::kLeft, expr.pos);
  if (swapped) std::swap(left, right);
  return std::make_unique<ScalarBinary>(std::move(arithmetic), std::move(left), std::move(right),
                                        swapped);
}

}  // namespace hearth::promql
