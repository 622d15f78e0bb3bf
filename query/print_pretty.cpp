#include "query/print.h"
#include "query/print_parts.h"

namespace hearth::promql {
namespace {

// A node that does not fit into a line puts its parts on lines of their own.
constexpr size_t kLineLength = 100;

void indent(std::string& out, size_t level) { out.append(2 * level, ' '); }

// One thread.
class Pretty {
 public:
  std::string text(const Expr& expr) {
    append(expr, 0);
    return std::move(out_);
  }

 private:
  void append(const Expr& expr, size_t level);
  void append_split(const Expr& expr, size_t level);
  void append_unary(const UnaryExpr& unary, size_t level);
  void append_lines(const std::vector<const Expr*>& exprs, size_t level);

  std::string out_;
};

void Pretty::append(const Expr& expr, size_t level) {
  if (const auto* invariant = as<StepInvariantExpr>(&expr)) return append(*invariant->expr, level);
  if (const auto* unary = as<UnaryExpr>(&expr)) return append_unary(*unary, level);
  std::string line = print(expr);
  if (line.size() > kLineLength) return append_split(expr, level);
  // A subquery that fits is not indented.
  if (expr.kind != ExprKind::kSubquery) indent(out_, level);
  out_ += line;
}

void Pretty::append_split(const Expr& expr, size_t level) {
  switch (expr.kind) {
    case ExprKind::kAggregate: {
      const auto& aggregate = *as<AggregateExpr>(&expr);
      indent(out_, level);
      append_aggregate_head(out_, aggregate);
      out_ += "(\n";
      std::vector<const Expr*> args;
      if (aggregate.param) args.push_back(aggregate.param.get());
      args.push_back(aggregate.expr.get());
      return append_lines(args, level);
    }
    case ExprKind::kCall: {
      indent(out_, level);
      out_ += as<Call>(&expr)->function->name;
      out_ += "(\n";
      std::vector<const Expr*> args;
      for (const ExprPtr& arg : as<Call>(&expr)->args) args.push_back(arg.get());
      return append_lines(args, level);
    }
    case ExprKind::kParen:
      indent(out_, level);
      out_ += "(\n";
      return append_lines({as<ParenExpr>(&expr)->expr.get()}, level);
    case ExprKind::kBinary: {
      const auto& binary = *as<BinaryExpr>(&expr);
      append(*binary.left, level + 1);
      out_ += '\n';
      indent(out_, level);
      append_operator(out_, binary);
      out_ += '\n';
      return append(*binary.right, level + 1);
    }
    case ExprKind::kSubquery:
      append(*as<SubqueryExpr>(&expr)->expr, level);
      return append_subquery_suffix(out_, *as<SubqueryExpr>(&expr));
    default:
      indent(out_, level);
      out_ += print(expr);
  }
}

// The sign takes the place of its operand's indentation.
void Pretty::append_unary(const UnaryExpr& unary, size_t level) {
  indent(out_, level);
  out_ += unary.negative ? '-' : '+';
  const size_t start = out_.size();
  append(*unary.expr, level);
  const size_t text = out_.find_first_not_of(' ', start);
  out_.erase(start, text - start);
}

void Pretty::append_lines(const std::vector<const Expr*>& exprs, size_t level) {
  for (size_t i = 0; i < exprs.size(); ++i) {
    if (i > 0) out_ += ",\n";
    append(*exprs[i], level + 1);
  }
  out_ += '\n';
  indent(out_, level);
  out_ += ')';
}

}  // namespace

std::string print_pretty(const Expr& expr) { return Pretty().text(expr); }

}  // namespace hearth::promql
