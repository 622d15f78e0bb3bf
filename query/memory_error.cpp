#include "query/memory_error.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::promql {
namespace {

constexpr size_t kLongestSelector = 300;  // bytes of it that are shown

std::string bytes_text(size_t bytes) {
  constexpr double kMega = 1 << 20;
  const auto megas = static_cast<double>(bytes) / kMega;
  return megas < 1 ? fmt::format("{} bytes", bytes) : fmt::format("{:.4g} MB", megas);
}

std::string selector_text(const Selection& selection) {
  std::string name, others;
  for (const Matcher& matcher : selection.matchers()) {
    if (matcher.name() == kMetricName && matcher.type() == MatchType::kEqual && name.empty()) {
      name = matcher.value();
    } else {
      others.append(others.empty() ? "" : ",").append(matcher.text());
    }
  }
  std::string text = others.empty() ? name : name + "{" + others + "}";
  if (text.size() <= kLongestSelector) return text;
  size_t end = kLongestSelector;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // inside a character
  return text.substr(0, end) + "...";
}

// The selector that was being opened, or else the one with most series.
std::string blame(const Plan& plan, size_t steps) {
  const auto heavier = [](const SelectionPtr& a, const SelectionPtr& b) {
    if (!a->is_open() || !b->is_open()) return a->is_open() && !b->is_open();
    return a->set().size() < b->set().size();
  };
  const auto found = std::max_element(plan.selections.begin(), plan.selections.end(), heavier);
  if (found == plan.selections.end()) return fmt::format("{} steps", steps);
  const std::string selector = selector_text(**found);
  if (!(*found)->is_open()) return selector + " selects too many series";
  return fmt::format("{} selects {} series, at {} steps", selector, (*found)->set().size(), steps);
}

}  // namespace

TooLarge memory_error(const OverBudget& error, const Plan& plan, size_t steps) {
  const Budget& budget = error.budget();
  const bool own = budget.name() == "query";
  return TooLarge(
      fmt::format("{} more than {} of memory: {}; select fewer series, a shorter range "
                  "or a longer step, {}",
                  own ? "query needs" : "all queries together need", bytes_text(budget.limit()),
                  blame(plan, steps),
                  own ? "or raise --query.max-memory"
                      : "try again when others have ended, or raise --query.max-total-memory"));
}

}  // namespace hearth::promql
