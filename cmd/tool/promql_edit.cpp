// hearthtool promql format, promql label-matchers set|delete: expressions printed and changed.
#include <fmt/format.h>

#include <cstdio>

#include "cmd/tool/commands.h"
#include "cmd/tool/features.h"
#include "core/error.h"
#include "query/parser.h"
#include "query/print.h"

namespace hearth {
namespace {

using namespace promql;

// Calls `change` for each selector of the tree.
template <class Change>
void each_selector(Expr* expr, const Change& change) {
  if (expr == nullptr) return;
  if (auto* selector = as<VectorSelector>(expr)) return change(*selector);
  if (auto* matrix = as<MatrixSelector>(expr)) return each_selector(matrix->vector.get(), change);
  if (auto* subquery = as<SubqueryExpr>(expr)) return each_selector(subquery->expr.get(), change);
  if (auto* paren = as<ParenExpr>(expr)) return each_selector(paren->expr.get(), change);
  if (auto* unary = as<UnaryExpr>(expr)) return each_selector(unary->expr.get(), change);
  if (auto* call = as<Call>(expr)) {
    for (const ExprPtr& argument : call->args) each_selector(argument.get(), change);
  } else if (auto* aggregate = as<AggregateExpr>(expr)) {
    each_selector(aggregate->param.get(), change);
    each_selector(aggregate->expr.get(), change);
  } else if (auto* binary = as<BinaryExpr>(expr)) {
    each_selector(binary->left.get(), change);
    each_selector(binary->right.get(), change);
  }
}

// Parses the first argument, changes it, prints it.
template <class Change>
int edit(const CommandInput& input, Change change) {
  if (refuse_without_experimental(input)) return 1;
  try {
    const ExprPtr expr = parse_expr(input.arguments[0], tool_features(input).parse);
    each_selector(expr.get(), change);
    fmt::print("{}\n", print_pretty(*expr));
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}

int format(const CommandInput& input) {
  return edit(input, [](VectorSelector&) {});
}

MatchType match_type(const std::string& text) {
  return text == "="    ? MatchType::kEqual
         : text == "!=" ? MatchType::kNotEqual
         : text == "=~" ? MatchType::kRegex
                        : MatchType::kNotRegex;
}

int set_matcher(const CommandInput& input) {
  return edit(input, [&](VectorSelector& selector) {
    const Matcher wanted(match_type(input.text("type")), input.arguments[1], input.arguments[2]);
    bool found = false;
    for (Matcher& matcher : selector.matchers) {
      if (matcher.name() != wanted.name()) continue;
      matcher = wanted;
      found = true;
    }
    if (!found) selector.matchers.push_back(wanted);
  });
}

int delete_matcher(const CommandInput& input) {
  return edit(input, [&](VectorSelector& selector) {
    std::erase_if(selector.matchers,
                  [&](const Matcher& matcher) { return matcher.name() == input.arguments[1]; });
  });
}

}  // namespace

Command promql_format_command() {
  return {"promql format",
          "Format PromQL query to pretty printed form.",
          {},
          {{.name = "query", .help = "PromQL query."}},
          format};
}
Command promql_set_matcher_command() {
  return {"promql label-matchers set",
          "Set a label matcher in the query.",
          {{.name = "type",
            .value_name = "TYPE",
            .fallback = "=",
            .help = "Type of the label matcher to set.",
            .letter = 't',
            .choices = "=,!=,=~,!~"}},
          {{.name = "query", .help = "PromQL query."},
           {.name = "name", .help = "Name of the label matcher to set."},
           {.name = "value", .help = "Value of the label matcher to set."}},
          set_matcher};
}
Command promql_delete_matcher_command() {
  return {"promql label-matchers delete",
          "Delete a label from the query.",
          {},
          {{.name = "query", .help = "PromQL query."},
           {.name = "name", .help = "Name of the label to delete."}},
          delete_matcher};
}

}  // namespace hearth
