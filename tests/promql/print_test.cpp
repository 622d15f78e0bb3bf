// Every expression of the scripts, printed and read again.
#include <doctest/doctest.h>

#include "core/error.h"
#include "core/file.h"
#include "query/parser.h"
#include "query/print.h"
#include "tests/promql/compare.h"
#include "tests/promql/script.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

constexpr ParseOptions kEverything{true, true, true, true};

// nullptr where it is none.
ExprPtr parsed(const std::string& query) {
  try {
    return parse_expr(query, kEverything);
  } catch (const Error&) {
    return nullptr;
  }
}

std::string print_again(const std::string& text) {
  const ExprPtr expr = parsed(text);
  return expr == nullptr ? "no expression: " + text : print(*expr);
}

}  // namespace

TEST_CASE(
    "what is printed of the scripts' expressions, in one line and pretty, reads as the same") {
  const std::string folder = std::string(HEARTH_SHARED_DIR) + "/promqltest";
  if (!is_directory(folder)) {
    MESSAGE("skipped: there are no scripts in " << folder);
    return;
  }
  size_t expressions = 0;
  for (const std::string& file : list_dir(folder)) {
    if (!file.ends_with(".test")) continue;
    const script::Script script = script::parse_script(file, read_file(folder + "/" + file));
    for (const auto& command : script.commands) {
      const auto* eval = std::get_if<script::Eval>(&command);
      if (eval == nullptr) continue;
      CAPTURE(file);
      CAPTURE(eval->query);
      const ExprPtr expr = parsed(eval->query);
      if (expr == nullptr) {
        CHECK(script::expects_error(*eval));
        continue;
      }
      const std::string line = print(*expr);
      CHECK(print_again(line) == line);
      CHECK(print_again(print_pretty(*expr)) == line);
      ++expressions;
    }
  }
  CHECK(expressions > 1000);
}
