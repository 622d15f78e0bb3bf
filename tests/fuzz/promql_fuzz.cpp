// Any text parses or is refused; what parses prints to a text that parses and prints the same.
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "query/parser.h"
#include "query/print.h"

using namespace hearth;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const promql::ParseOptions all{.experimental_functions = true, .extended_range_selectors = true, .binop_fill_modifiers = true};
  promql::ExprPtr expr;
  try {
    expr = promql::parse_expr({reinterpret_cast<const char*>(data), size}, all);
  } catch (const Error&) {
    return 0;
  }
  const std::string printed = promql::print(*expr);
  if (promql::print(*promql::parse_expr(printed, all)) != printed) std::abort();
  (void)promql::print_pretty(*expr);
  return 0;
}
