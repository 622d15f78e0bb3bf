// Any text parses or is refused; what parses prints to a text that parses and prints the same. After
// a first byte of 255 the others are tokens, else they are the text. It is quick with -max_len=128
// -entropic=0 -reload=0 -reduce_inputs=0 -detect_leaks=0.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "query/parser.h"
#include "query/print.h"
#include "tests/fuzz/expression_bytes.h"
#include "tests/fuzz/quick_asan.h"

using namespace hearth;

namespace {

std::string of_tokens(const uint8_t* data, size_t size) {
  static constexpr std::string_view kTokens[] = {
      "(", ")", "{", "}", "[", "]", ",", ":", "=", "!=", "=~", "!~", "==", "<", ">", "<=", ">=", "+",
      "-", "*", "/", "%", "^", "@", "\"x\"", "'y'", "`z`", "\"\\n\"", "up", "a:b", "le", "1", "0x1F",
      "1e3", "5m", "1h30m", "NaN", "inf", "1_000", "08", ".5", "#c\n", "offset", "bool", "by",
      "without", "on", "ignoring", "group_left", "group_right", "fill", "fill_left", "and", "or",
      "unless", "atan2", "</", ">/", "sum", "topk", "quantile", "count_values", "limitk", "rate",
      "time", "vector", "scalar", "label_replace", "histogram_quantile", "start", "end", "step",
      "range", "min_of", "max_of", "anchored", "smoothed", "absent", "info", "\"__name__\"", "é"};
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    text += kTokens[data[i] % std::size(kTokens)];
    if (data[i] < 240) text += ' ';
  }
  return text;
}

// The arithmetic of offset ++31 + 5m is printed without its signs, as by Prometheus, and behind the other modifiers,
// and then is that of the expression around, or takes that in. An offset that begins with a sign, or is a number, tells
// that it may have been so: there an offset without arithmetic is a duration.
bool lost_signs_of_offset(std::string_view printed) {
  constexpr std::string_view kOffset = "offset ", kOperators = "+-*/%^";
  for (size_t at = 0; (at = printed.find(kOffset, at)) != printed.npos; at += kOffset.size()) {
    const std::string_view rest = printed.substr(at + kOffset.size());
    const size_t end = rest.find(' ');
    if (end == rest.npos || end == 0) continue;
    if (rest[end - 1] == 'N' || (rest[end - 1] >= '0' && rest[end - 1] <= '9')) return true;
    const bool has_sign = rest[0] == '-' || rest[0] == '+';
    if (has_sign && end + 1 < rest.size() && kOperators.find(rest[end + 1]) != kOperators.npos) return true;
  }
  return false;
}

void expect_same(const std::string& text, const promql::ParseOptions& options, const std::string& printed) {
  const std::string again = promql::print(*promql::parse_expr(text, options));
  if (promql::comparable(again) == promql::comparable(printed)) return;
  std::fprintf(stderr, "%s\n  became %s\n", printed.c_str(), again.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const promql::ParseOptions all{.experimental_functions = true, .extended_range_selectors = true, .binop_fill_modifiers = true};
  const std::string text = size > 0 && data[0] == 255 ? of_tokens(data + 1, size - 1)
                                                      : std::string(reinterpret_cast<const char*>(data), size);
  promql::ExprPtr expr;
  try {
    expr = promql::parse_expr(text, all);
  } catch (const Error&) {
    return 0;
  }
  const std::string printed = promql::print(*expr);
  if (lost_signs_of_offset(printed)) return 0;
  // What is shorter than a millisecond is printed as nothing, as by Prometheus, which is no range and no step.
  if (printed.find("[0s") != printed.npos || printed.find(":0s]") != printed.npos) return 0;
  // An escape may make the rune that stands for bytes that are none; the lexer, as Prometheus', refuses it unescaped.
  if (printed.find("\uFFFD") != printed.npos) return 0;
  expect_same(printed, all, printed);
  expect_same(promql::print_pretty(*expr), all, printed);
  return 0;
}
