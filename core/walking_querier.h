// For storage in which samples are found by walking through all that there are, such as a log: told
// what a query is about to select, it walks once for all of it.
#pragma once

#include <span>
#include <vector>

#include "core/storage.h"

namespace hearth {

struct ExpectedSelect {
  std::vector<Matcher> matchers;
  TimeRange range;
};

// One thread, but for what it returns and warnings().
class WalkingQuerier : public Querier {
 public:
  // Before the first select(): what is given here is selected later, with this budget. May throw
  // what select() throws.
  virtual void expect(std::span<const ExpectedSelect> selects, Budget& budget) = 0;

  static void tell(Querier& querier, std::span<const ExpectedSelect> selects, Budget& budget) {
    auto* const walking = dynamic_cast<WalkingQuerier*>(&querier);
    if (walking != nullptr) walking->expect(selects, budget);
  }
};

}  // namespace hearth
