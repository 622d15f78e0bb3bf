#include "query/print.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/duration.h"
#include "core/go_text.h"
#include "query/print_parts.h"

namespace hearth::promql {
namespace {

void append(std::string& out, const Expr& expr);

void append_labels(std::string& out, const std::vector<std::string>& labels) {
  out += " (";
  for (size_t i = 0; i < labels.size(); ++i) {
    if (i > 0) out += ", ";
    out += is_legacy_label_name(labels[i]) ? labels[i] : go_quote(labels[i]);
  }
  out += ')';
}

void append_seconds(std::string& out, double seconds) {
  if (seconds < 0) out += '-';
  out += duration_text(static_cast<DurationMs>(std::fabs(seconds) * 1e9) / 1'000'000);
}

void append_number(std::string& out, const NumberLiteral& number) {
  if (number.duration) {
    append_seconds(out, number.value);
  } else {
    append_float_f(out, number.value);
  }
}

void append_duration(std::string& out, const DurationExpr& duration) {
  using Op = DurationExpr::Op;
  if (duration.wrapped) out += '(';
  switch (duration.op) {
    case Op::kStep:
      out += "step()";
      break;
    case Op::kRange:
      out += "range()";
      break;
    case Op::kMin:
    case Op::kMax:
      out += duration.op == Op::kMin ? "min_of(" : "max_of(";
      append(out, *duration.left);
      out += ", ";
      append(out, *duration.right);
      out += ')';
      break;
    case Op::kNegate:
      out += '-';
      append(out, *duration.right);
      break;
    default:
      append(out, *duration.left);
      out += ' ';
      out += "+-*/%^"[static_cast<size_t>(duration.op)];
      out += ' ';
      append(out, *duration.right);
  }
  if (duration.wrapped) out += ')';
}

void append_offset(std::string& out, DurationMs offset, const Expr* expr) {
  if (expr == nullptr && offset == 0) return;
  out += " offset ";
  if (expr != nullptr) {
    append(out, *expr);
  } else {
    out += duration_text(offset);
  }
}

void append_at(std::string& out, AtKind kind, TimeMs at) {
  switch (kind) {
    case AtKind::kNone:
      break;
    case AtKind::kStart:
      out += " @ start()";
      break;
    case AtKind::kEnd:
      out += " @ end()";
      break;
    case AtKind::kTime: {
      char buffer[64];
      std::snprintf(buffer, sizeof buffer, " @ %.3f", static_cast<double>(at) / 1000);
      out += buffer;
    }
  }
}

std::string_view modifier_text(SelectorModifier modifier) {
  if (modifier == SelectorModifier::kAnchored) return " anchored";
  return modifier == SelectorModifier::kSmoothed ? " smoothed" : "";
}

// name{matchers}, without the one made of the name.
void append_selection(std::string& out, const VectorSelector& selector) {
  std::vector<std::string> texts;
  for (const Matcher& matcher : selector.matchers) {
    const bool is_the_name = matcher.name() == kMetricName && matcher.type() == MatchType::kEqual &&
                             matcher.value() == selector.name && !selector.name.empty();
    if (!is_the_name) texts.push_back(matcher.text());
  }
  std::sort(texts.begin(), texts.end());
  out += selector.name;
  if (texts.empty()) return;
  out += '{';
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ',';
    out += texts[i];
  }
  out += '}';
}

void append_span(std::string& out, DurationMs ms, const Expr* expr) {
  if (expr != nullptr) {
    append(out, *expr);
  } else {
    out += duration_text(ms);
  }
}

void append_matrix(std::string& out, const MatrixSelector& matrix) {
  const auto& selector = *as<VectorSelector>(matrix.vector.get());
  append_selection(out, selector);
  out += '[';
  append_span(out, matrix.range, matrix.range_expr.get());
  out += ']';
  out += modifier_text(selector.modifier);
  append_at(out, selector.at_kind, selector.at);
  append_offset(out, selector.offset, selector.offset_expr.get());
}

void append_selector(std::string& out, const VectorSelector& selector) {
  append_selection(out, selector);
  append_at(out, selector.at_kind, selector.at);
  out += modifier_text(selector.modifier);
  append_offset(out, selector.offset, selector.offset_expr.get());
}

void append_list(std::string& out, const std::vector<ExprPtr>& exprs) {
  for (size_t i = 0; i < exprs.size(); ++i) {
    if (i > 0) out += ", ";
    append(out, *exprs[i]);
  }
}

void append_matching(std::string& out, const VectorMatching& matching) {
  const bool many_to_one = matching.card == Cardinality::kManyToOne;
  const bool one_to_many = matching.card == Cardinality::kOneToMany;
  if (!matching.labels.empty() || matching.on || many_to_one || one_to_many) {
    out += matching.on ? " on" : " ignoring";
    append_labels(out, matching.labels);
  }
  if (many_to_one || one_to_many) {
    out += many_to_one ? " group_left" : " group_right";
    append_labels(out, matching.include);
  }
  const auto fill = [&](std::string_view word, double value) {
    out += ' ';
    out += word;
    out += " (";
    append_float_g(out, value);
    out += ')';
  };
  if (matching.fill_left && matching.fill_right && *matching.fill_left == *matching.fill_right) {
    fill("fill", *matching.fill_left);
    return;
  }
  if (matching.fill_left) fill("fill_left", *matching.fill_left);
  if (matching.fill_right) fill("fill_right", *matching.fill_right);
}

void append(std::string& out, const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kNumber:
      return append_number(out, *as<NumberLiteral>(&expr));
    case ExprKind::kString:
      out += go_quote(as<StringLiteral>(&expr)->value);
      return;
    case ExprKind::kVectorSelector:
      return append_selector(out, *as<VectorSelector>(&expr));
    case ExprKind::kMatrixSelector:
      return append_matrix(out, *as<MatrixSelector>(&expr));
    case ExprKind::kSubquery:
      append(out, *as<SubqueryExpr>(&expr)->expr);
      return append_subquery_suffix(out, *as<SubqueryExpr>(&expr));
    case ExprKind::kCall:
      out += as<Call>(&expr)->function->name;
      out += '(';
      append_list(out, as<Call>(&expr)->args);
      out += ')';
      return;
    case ExprKind::kAggregate: {
      const auto& aggregate = *as<AggregateExpr>(&expr);
      append_aggregate_head(out, aggregate);
      out += '(';
      if (aggregate.param) {
        append(out, *aggregate.param);
        out += ", ";
      }
      append(out, *aggregate.expr);
      out += ')';
      return;
    }
    case ExprKind::kBinary: {
      const auto& binary = *as<BinaryExpr>(&expr);
      append(out, *binary.left);
      out += ' ';
      append_operator(out, binary);
      out += ' ';
      return append(out, *binary.right);
    }
    case ExprKind::kUnary:
      out += as<UnaryExpr>(&expr)->negative ? '-' : '+';
      return append(out, *as<UnaryExpr>(&expr)->expr);
    case ExprKind::kParen:
      out += '(';
      append(out, *as<ParenExpr>(&expr)->expr);
      out += ')';
      return;
    case ExprKind::kStepInvariant:
      return append(out, *as<StepInvariantExpr>(&expr)->expr);
    case ExprKind::kDuration:
      return append_duration(out, *as<DurationExpr>(&expr));
  }
}

}  // namespace

void append_aggregate_head(std::string& out, const AggregateExpr& aggregate) {
  out += aggregate_name(aggregate.op);
  if (!aggregate.without && aggregate.grouping.empty()) return;
  out += aggregate.without ? " without" : " by";
  append_labels(out, aggregate.grouping);
  out += ' ';
}

void append_operator(std::string& out, const BinaryExpr& binary) {
  out += binary_op_text(binary.op);
  if (binary.return_bool) out += " bool";
  if (binary.matching) append_matching(out, *binary.matching);
}

void append_subquery_suffix(std::string& out, const SubqueryExpr& subquery) {
  out += '[';
  append_span(out, subquery.range, subquery.range_expr.get());
  out += ':';
  if (subquery.step != 0 || subquery.step_expr) {
    append_span(out, subquery.step, subquery.step_expr.get());
  }
  out += ']';
  append_at(out, subquery.at_kind, subquery.at);
  append_offset(out, subquery.offset, subquery.offset_expr.get());
}

std::string print(const Expr& expr) {
  std::string out;
  append(out, expr);
  return out;
}

}  // namespace hearth::promql
