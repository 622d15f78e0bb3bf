#include "core/regex_cost.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace hearth {
namespace {

struct Part {
  double characters = 0, skippable = 0;
  void add(const Part& other) {
    characters += other.characters;
    skippable += other.skippable;
  }
};

struct Group {
  size_t begin = 0;  // in the pattern, after its parenthesis
  Part sum;          // of all alternatives but the last part
  Part last;         // what a repetition would repeat
  double alternative = 0,
         widest = 0;  // skippable parts of this alternative, and the most of one before
  void push(const Part& part) {
    sum.add(last);
    alternative += last.skippable;
    last = part;
  }
  size_t alternatives = 0;
  void end_alternative() {
    ++alternatives;
    push({});
    widest = std::max(widest, alternative);
    alternative = 0;
  }
};

// Repeats `last` as {low,high} says; what is there that is no repetition counts as characters.
void repeat(Part& last, std::string_view text) {
  const double low = std::strtod(std::string(text.substr(0, 8)).c_str(), nullptr);
  const size_t comma = text.find(',');
  const double high = comma == std::string_view::npos
                          ? low
                          : std::strtod(std::string(text.substr(comma + 1, 8)).c_str(), nullptr);
  const double times = std::max({low, high, 1.0});
  last.characters *= times;
  last.skippable = last.skippable * times + (low == 0 || comma != std::string_view::npos ? 1 : 0);
}

// The end of the class that begins at `at`.
size_t class_end(std::string_view pattern, size_t at) {
  size_t i = at + 1;
  if (pattern.substr(i).starts_with('^')) ++i;
  if (pattern.substr(i).starts_with(']')) ++i;
  for (; i < pattern.size() && pattern[i] != ']'; ++i) {
    if (pattern[i] == '\\') ++i;
  }
  return i;
}

}  // namespace

double regex_cost(std::string_view pattern) {
  std::vector<Group> groups(1);
  for (size_t i = 0; i < pattern.size(); ++i) {
    Group& group = groups.back();
    switch (pattern[i]) {
      case '(':
        groups.emplace_back();
        groups.back().begin = i + 1;
        if (pattern.substr(i + 1).starts_with('?')) ++i;  // (?:, (?i), (?P<name>
        break;
      case ')': {
        if (groups.size() == 1) break;  // invalid
        Group ended = std::move(groups.back());
        groups.pop_back();
        ended.end_alternative();
        Part part = ended.sum;
        // A group that is a whole alternative of the pattern is as its alternatives without it.
        const bool first = ended.begin == 1 || pattern[ended.begin - 2] == '|';
        const bool last = i + 1 == pattern.size() || pattern[i + 1] == '|';
        if (groups.size() == 1 && first && last) {
          part.skippable = ended.widest;
        } else if (ended.alternatives > 1) {
          part.skippable += 1;  // (a|b)(a|b)... is as a?a?...
        }
        groups.back().push(part);
        break;
      }
      case '|':
        group.end_alternative();
        break;
      case '?':
      case '*':
      case '+':
        group.last.skippable += 1;
        break;
      case '{': {
        const size_t end = std::min(pattern.find('}', i), pattern.size());
        repeat(group.last, pattern.substr(i + 1, end - i - 1));
        i = end;
        break;
      }
      case '[':
        group.push({1, 0});
        i = class_end(pattern, i);
        break;
      case '\\':
        group.push({1, 0});
        ++i;
        break;
      default:
        group.push({1, 0});
    }
  }
  while (groups.size() > 1) {
    groups.back().end_alternative();
    const Part part = groups.back().sum;
    groups.pop_back();
    groups.back().push(part);
  }
  groups[0].end_alternative();
  return groups[0].sum.characters * groups[0].widest;
}

}  // namespace hearth
