#include "web/api_parse.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/go_text.h"
#include "core/json.h"
#include "query/parser.h"
#include "web/json_result.h"
#include "web/params.h"

namespace hearth::web {
namespace {

using namespace promql;  // the node types, all of them

// Writes "key":value pairs inside braces. One thread.
class Node {
 public:
  explicit Node(std::string& out) : out_(out), comma_(out) { out_.push_back('{'); }
  ~Node() { out_.push_back('}'); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  std::string& key(std::string_view name) {
    comma_.next();
    out_.append("\"").append(name).append("\":");
    return out_;
  }
  void text(std::string_view name, std::string_view value) { append_json_string(key(name), value); }
  void number(std::string_view name, int64_t value) { append_json_int(key(name), value); }
  // JSON has no NaN and no infinity.
  void number_or_null(std::string_view name, std::optional<double> value) {
    key(name) += value && std::isfinite(*value) ? float_f(*value) : "null";
  }
  void truth(std::string_view name, bool value) { key(name) += value ? "true" : "false"; }
  void texts(std::string_view name, std::span<const std::string> values) {
    append_json_strings(key(name), values);
  }
  void tree(std::string_view name, const ExprPtr& expr) {
    std::string& out = key(name);
    if (expr == nullptr) {
      out += "null";
    } else {
      append_json_tree(out, *expr);
    }
  }
  void trees(std::string_view name, const std::vector<ExprPtr>& exprs) {
    std::string& out = key(name);
    out.push_back('[');
    Comma comma(out);
    for (const ExprPtr& expr : exprs) {
      comma.next();
      append_json_tree(out, *expr);
    }
    out.push_back(']');
  }

 private:
  std::string& out_;
  Comma comma_;
};

std::string_view match_text(MatchType type) {
  switch (type) {
    case MatchType::kEqual:
      return "=";
    case MatchType::kNotEqual:
      return "!=";
    case MatchType::kRegex:
      return "=~";
    case MatchType::kNotRegex:
      break;
  }
  return "!~";
}

std::string_view card_text(Cardinality card) {
  switch (card) {
    case Cardinality::kOneToOne:
      return "one-to-one";
    case Cardinality::kManyToOne:
      return "many-to-one";
    case Cardinality::kOneToMany:
      return "one-to-many";
    case Cardinality::kManyToMany:
      break;
  }
  return "many-to-many";
}

// The @ modifier: "startOrEnd" is named before, "timestamp" after what stands between.
void append_start_or_end(Node& node, AtKind kind) {
  std::string& out = node.key("startOrEnd");
  out += kind == AtKind::kStart ? "\"start\"" : kind == AtKind::kEnd ? "\"end\"" : "null";
}
void append_timestamp(Node& node, AtKind kind, TimeMs at) {
  std::string& out = node.key("timestamp");
  if (kind == AtKind::kTime) {
    append_json_int(out, at);
  } else {
    out += "null";
  }
}

void append_selector(std::string& out, const VectorSelector& selector, const DurationMs* range) {
  Node node(out);
  node.truth("anchored", selector.modifier == SelectorModifier::kAnchored);
  node.key("matchers").push_back('[');
  Comma comma(out);
  for (const Matcher& matcher : selector.matchers) {
    comma.next();
    Node item(out);
    item.text("name", matcher.name());
    item.text("type", match_text(matcher.type()));
    item.text("value", matcher.value());
  }
  out.push_back(']');
  node.text("name", selector.name);
  node.number("offset", selector.offset);
  if (range != nullptr) node.number("range", *range);
  node.truth("smoothed", selector.modifier == SelectorModifier::kSmoothed);
  append_start_or_end(node, selector.at_kind);
  append_timestamp(node, selector.at_kind, selector.at);
  node.text("type", range != nullptr ? "matrixSelector" : "vectorSelector");
}

void append_subquery(std::string& out, const SubqueryExpr& subquery) {
  Node node(out);
  node.tree("expr", subquery.expr);
  node.number("offset", subquery.offset);
  node.number("range", subquery.range);
  append_start_or_end(node, subquery.at_kind);
  node.number("step", subquery.step);
  append_timestamp(node, subquery.at_kind, subquery.at);
  node.text("type", "subquery");
}

void append_call(std::string& out, const Call& call) {
  Node node(out);
  node.trees("args", call.args);
  {
    Node function(node.key("func"));
    std::vector<std::string> types;
    for (const ValueType type : call.function->args) types.emplace_back(result_type(type));
    function.texts("argTypes", types);
    function.text("name", call.function->name);
    function.text("returnType", result_type(call.function->result));
    function.number("variadic", call.function->variadic);
  }
  node.text("type", "call");
}

void append_aggregate(std::string& out, const AggregateExpr& aggregate) {
  Node node(out);
  node.tree("expr", aggregate.expr);
  node.texts("grouping", aggregate.grouping);
  node.text("op", aggregate_name(aggregate.op));
  node.tree("param", aggregate.param);
  node.text("type", "aggregation");
  node.truth("without", aggregate.without);
}

void append_fills(Node& node, const VectorMatching& matching) {
  Node fills(node.key("fillValues"));
  fills.number_or_null("lhs", matching.fill_left);
  fills.number_or_null("rhs", matching.fill_right);
}

void append_binary(std::string& out, const BinaryExpr& binary) {
  Node node(out);
  node.truth("bool", binary.return_bool);
  node.tree("lhs", binary.left);
  std::string& matching = node.key("matching");
  if (binary.matching) {
    Node item(matching);
    item.text("card", card_text(binary.matching->card));
    append_fills(item, *binary.matching);
    item.texts("include", binary.matching->include);
    item.texts("labels", binary.matching->labels);
    item.truth("on", binary.matching->on);
  } else {
    matching += "null";
  }
  node.text("op", binary_op_text(binary.op));
  node.tree("rhs", binary.right);
  node.text("type", "binaryExpr");
}

}  // namespace

void append_json_tree(std::string& out, const Expr& expr) {
  if (const auto* number = as<NumberLiteral>(&expr)) {
    Node node(out);
    node.text("type", "numberLiteral");
    node.text("val", float_f(number->value));
  } else if (const auto* string = as<StringLiteral>(&expr)) {
    Node node(out);
    node.text("type", "stringLiteral");
    node.text("val", string->value);
  } else if (const auto* selector = as<VectorSelector>(&expr)) {
    append_selector(out, *selector, nullptr);
  } else if (const auto* matrix = as<MatrixSelector>(&expr)) {
    append_selector(out, *as<VectorSelector>(matrix->vector.get()), &matrix->range);
  } else if (const auto* subquery = as<SubqueryExpr>(&expr)) {
    append_subquery(out, *subquery);
  } else if (const auto* call = as<Call>(&expr)) {
    append_call(out, *call);
  } else if (const auto* aggregate = as<AggregateExpr>(&expr)) {
    append_aggregate(out, *aggregate);
  } else if (const auto* binary = as<BinaryExpr>(&expr)) {
    append_binary(out, *binary);
  } else if (const auto* unary = as<UnaryExpr>(&expr)) {
    Node node(out);
    node.tree("expr", unary->expr);
    node.text("op", unary->negative ? "-" : "+");
    node.text("type", "unaryExpr");
  } else if (const auto* paren = as<ParenExpr>(&expr)) {
    Node node(out);
    node.tree("expr", paren->expr);
    node.text("type", "parenExpr");
  } else {
    out += "null";
  }
}

void api_parse_query(const Exchange& exchange, ApiAnswer& answer) {
  const ExprPtr expr = checking_param("query", [&] {
    return parse_expr(exchange.param("query"), exchange.services.engine->options().parse);
  });
  append_json_tree(answer.data, *expr);
}

}  // namespace hearth::web
