#include "web/api_exemplars.h"

#include "core/error.h"
#include "core/json.h"
#include "core/storage.h"
#include "query/parser.h"
#include "web/json_list.h"
#include "web/params.h"

namespace hearth::web {
namespace {

using promql::as;
using promql::Expr;
using promql::ExprPtr;

using Selectors = std::vector<std::vector<Matcher>>;

void add_selectors(const Expr* expr, Selectors& selectors) {
  const auto add = [&](const ExprPtr& part) { add_selectors(part.get(), selectors); };
  if (const auto* vector = as<promql::VectorSelector>(expr)) {
    selectors.push_back(vector->matchers);
  } else if (const auto* matrix = as<promql::MatrixSelector>(expr)) {
    add(matrix->vector);
  } else if (const auto* subquery = as<promql::SubqueryExpr>(expr)) {
    add(subquery->expr);
  } else if (const auto* call = as<promql::Call>(expr)) {
    for (const ExprPtr& argument : call->args) add(argument);
  } else if (const auto* aggregate = as<promql::AggregateExpr>(expr)) {
    add(aggregate->expr);
    add(aggregate->param);
  } else if (const auto* binary = as<promql::BinaryExpr>(expr)) {
    add(binary->left);
    add(binary->right);
  } else if (const auto* unary = as<promql::UnaryExpr>(expr)) {
    add(unary->expr);
  } else if (const auto* paren = as<promql::ParenExpr>(expr)) {
    add(paren->expr);
  }
}

void append_exemplar(std::string& out, const Exemplar& exemplar) {
  out += R"({"labels":)";
  append_json_labels(out, exemplar.labels);
  out += R"(,"value":)";
  append_json_value(out, exemplar.value);
  out += R"(,"timestamp":)";
  append_json_time(out, exemplar.t);
  out += '}';
}

void append_series(std::string& out, const ExemplarSeries& series) {
  out += R"({"seriesLabels":)";
  append_json_labels(out, series.labels);
  out += R"(,"exemplars":[)";
  Comma comma(out);
  for (const Exemplar& exemplar : series.exemplars) {
    comma.next();
    append_exemplar(out, exemplar);
  }
  out += "]}";
}

}  // namespace

void api_query_exemplars(const Exchange& exchange, ApiAnswer& answer) {
  const GoTime start = optional_time(exchange, "start", go_min_time());
  const GoTime end = optional_time(exchange, "end", go_max_time());
  if (end.before(start)) {
    throw Error(ErrorKind::kBadData, "end timestamp must not be before start timestamp");
  }
  const ExprPtr expr =
      promql::parse_expr(exchange.param("query"), exchange.services.engine->options().parse);
  Selectors selectors;
  add_selectors(expr.get(), selectors);
  answer.no_content = selectors.empty();
  if (answer.no_content) return;
  answer.rest = std::make_unique<JsonList<ExemplarSeries>>(
      "[",
      exchange.services.storage->exemplars(selectors, {start.storage_time(), end.storage_time()}),
      append_series, "]");
}

}  // namespace hearth::web
