#include "tsdb/select.h"

#include <algorithm>

namespace hearth::tsdb {
namespace {

// The lists of those values of m's label for which m.matches(value) == wanted.
void lists_of(const LabelIndex& index, const Matcher& m, bool wanted, const Budget* budget,
              std::vector<PostingsView>& lists) {
  const bool negative = m.type() == MatchType::kNotEqual || m.type() == MatchType::kNotRegex;
  const auto add = [&](const std::string& value) {
    if (value.empty()) return;
    const PostingsView list = index.postings(m.name(), value);
    if (!list.empty()) lists.push_back(list);
  };
  // The values that the text of the matcher names, not those that it leaves.
  const bool named = wanted != negative;
  if (m.regex() == nullptr) {
    if (named) return add(m.value());
  } else {
    if (named && m.regex()->alternatives()) {
      for (const std::string& value : *m.regex()->alternatives()) add(value);
      return;
    }
    if (!named && m.regex()->pattern() == ".*") return;  // no value is left
  }
  constexpr size_t kOften = 256;
  if (budget != nullptr) budget->check();
  size_t asked = 0;
  index.postings_where(
      m.name(), named && m.regex() != nullptr ? m.regex()->prefix() : std::string_view(),
      [&](std::string_view value) {
        if (++asked % kOften == 0 && budget != nullptr) budget->check();
        return m.matches(value) == wanted;
      },
      lists);
}

// Cuts to `limit`; 0 = all.
std::vector<std::string> limited(std::vector<std::string> values, size_t limit) {
  if (limit > 0 && values.size() > limit) values.resize(limit);
  return values;
}

}  // namespace

Postings select_series(const LabelIndex& index, std::span<const Matcher> matchers,
                       const Budget* budget) {
  // A series must be in one list of each matcher that does not match "", and in none of the lists
  // of values that a matcher which does match "" refuses.
  std::vector<PostingsView> required;
  std::vector<PostingsView> refused;
  std::vector<const Matcher*> patterns;
  for (const Matcher& m : matchers) {
    if (m.matches_empty()) {
      lists_of(index, m, false, budget, refused);
    } else if (m.type() == MatchType::kEqual) {
      required.push_back(index.postings(m.name(), m.value()));
      if (required.back().empty()) return {};
    } else {
      patterns.push_back(&m);
    }
  }
  std::vector<Postings> united;
  united.reserve(patterns.size());
  for (const Matcher* m : patterns) {
    std::vector<PostingsView> lists;
    lists_of(index, *m, true, budget, lists);
    if (lists.empty()) return {};
    if (lists.size() == 1) {
      required.push_back(lists.front());
    } else {
      united.push_back(unite(lists));
      required.emplace_back(united.back());
    }
  }
  if (required.empty()) return subtract(index.all(), refused);
  return subtract(intersect(std::move(required)), refused);
}

std::vector<std::string> select_label_names(const LabelIndex& index,
                                            std::span<const Matcher> matchers, size_t limit) {
  if (matchers.empty()) {
    std::vector<std::string> names = index.names();
    std::sort(names.begin(), names.end());
    return limited(std::move(names), limit);
  }
  std::set<std::string> names;
  index.names_of(select_series(index, matchers), names);
  return limited({names.begin(), names.end()}, limit);
}

std::vector<std::string> select_label_values(const LabelIndex& index, const std::string& name,
                                             std::span<const Matcher> matchers, size_t limit) {
  // Matchers of the label itself are asked of each value; the others choose series.
  std::vector<Matcher> own;
  std::vector<Matcher> others;
  for (const Matcher& m : matchers) (m.name() == name ? own : others).push_back(m);

  std::vector<std::string> values;
  std::vector<PostingsView> lists;
  index.postings_where(
      name, {},
      [&](std::string_view value) {
        if (!std::all_of(own.begin(), own.end(),
                         [&](const Matcher& m) { return m.matches(value); }))
          return false;
        values.emplace_back(value);
        return !others.empty();
      },
      lists);
  if (!others.empty()) {
    const Postings series = select_series(index, others);
    size_t kept = 0;
    for (size_t i = 0; i < lists.size(); ++i) {
      if (intersects(lists[i], series)) std::swap(values[kept++], values[i]);
    }
    values.resize(kept);
  }
  std::sort(values.begin(), values.end());
  return limited(std::move(values), limit);
}

}  // namespace hearth::tsdb
