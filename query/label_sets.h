// Changes of label sets that several operators make.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/budget.h"
#include "core/labels.h"
#include "query/operator.h"

namespace hearth::promql {

// Labels that say what a metric is, and go when an operation changes that: name, type, unit.
bool is_metadata_label(std::string_view name);

// The set without these labels; mostly a part of the same bytes, else a copy for the whole query.
LabelsView without_metadata(Context& context, LabelsView labels);

// Whether distinct sets stay distinct without their metadata: certainly where all lose the same.
// One thread.
class SameLoss {
 public:
  void add(LabelsView before, LabelsView after) {
    const std::string_view all = before.flat(), rest = after.flat();
    const std::string_view lost = all.substr(0, all.size() - rest.size());
    if (first_) lost_ = lost;
    first_ = false;
    same_ = same_ && rest.data() == all.data() + lost.size() && lost == lost_;
  }
  bool for_all() const { return same_; }

 private:
  bool first_ = true, same_ = true;
  std::string_view lost_;
};

// Sorted names to keep (or to leave out), as by(), without(), on() and ignoring() have them.
class LabelNames {
 public:
  LabelNames(std::vector<std::string> names, bool keep);
  // Replaces `flat` by the chosen labels in the flat form, which serves as a key, too.
  void choose(LabelsView labels, std::string& flat) const;
  const std::vector<std::string>& names() const { return names_; }
  bool contains(std::string_view name) const;

 private:
  std::vector<std::string> names_;
  bool keep_;
};

// Numbers distinct texts 0, 1, 2, ... One thread.
class Numbering {
 public:
  // Charged to `budget`.
  explicit Numbering(Budget& budget) : arena_(&budget), budget_(budget), charge_(budget) {}
  // Returns the text's number, and whether it is new. The text is copied.
  std::pair<uint32_t, bool> number(std::string_view text) { return find(text, true); }
  // The same of a text that outlives this, and need not be copied.
  std::pair<uint32_t, bool> number_lasting(std::string_view text) { return find(text, false); }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string_view text;
    uint64_t hash;
  };
  std::pair<uint32_t, bool> find(std::string_view text, bool copies);
  void grow();
  Arena arena_;  // of the texts
  Budget& budget_;
  Charge charge_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_;  // number + 1, 0: free; a power of two, at most half of them used
};

// Rows whose labels became equal are one series, as long as no two have a point at the same step.
// Immutable after set().
class Merging {
 public:
  // Makes `series` distinct; it had one entry per row before.
  void set(Context& context, SeriesList& series);

  // Whether every row is a series of its own.
  bool is_identity() const { return members_.empty(); }
  const std::vector<uint32_t>& members(size_t series) const { return members_[series]; }

 private:
  std::vector<std::vector<uint32_t>> members_;  // empty: identity
};

// Adds the points of a row to another. Throws Error(kExecution) where both have one.
void merge_row(Rows& into, size_t row, const Rows& from, size_t from_row);

[[noreturn]] void throw_same_labelset();

}  // namespace hearth::promql
