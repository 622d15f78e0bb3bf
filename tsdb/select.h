// From matchers to series: one algorithm for the head and for blocks, with the meaning of
// Prometheus' PostingsForMatchers. A label that a series does not have is "" to a matcher.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/budget.h"
#include "core/matcher.h"
#include "tsdb/postings.h"

namespace hearth::tsdb {

// What selecting needs of an index. The lists it hands out are sorted and live as long as it does.
// Values are never empty. Thread-safe for readers.
class LabelIndex {
 public:
  virtual ~LabelIndex() = default;

  virtual PostingsView all() const = 0;
  // Empty when no series has the pair.
  virtual PostingsView postings(std::string_view name, std::string_view value) const = 0;

  // Asks `wanted` for each distinct value of `name` that begins with `prefix`, in any order, and
  // appends the lists of those for which it said true. Lists not wanted are not touched.
  virtual void postings_where(std::string_view name, std::string_view prefix,
                              const std::function<bool(std::string_view value)>& wanted,
                              std::vector<PostingsView>& lists) const = 0;

  // All label names, any order.
  virtual std::vector<std::string> names() const = 0;
  // Adds the label names of these series.
  virtual void names_of(std::span<const uint32_t> refs, std::set<std::string>& names) const = 0;
};

// The series that match all matchers; no matcher at all means every series. Looking at many values
// it asks the budget, if there is one, whether its owner shall end.
Postings select_series(const LabelIndex& index, std::span<const Matcher> matchers,
                       const Budget* budget = nullptr);

// Sorted, unique; with matchers only of series that match them. `limit` 0 = all.
std::vector<std::string> select_label_names(const LabelIndex& index,
                                            std::span<const Matcher> matchers, size_t limit);
std::vector<std::string> select_label_values(const LabelIndex& index, const std::string& name,
                                             std::span<const Matcher> matchers, size_t limit);

}  // namespace hearth::tsdb
