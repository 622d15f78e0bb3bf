// Label sets: what names a series. Strings live here only at the edges (exposition, WAL, index,
// JSON); inside the head they are integers (tsdb/series.h).
//
// A set is kept flat: for each label, sorted by name, the length and bytes of the name, then of the
// value. A length is one byte, or 255 and three bytes little endian. It is the layout that Prometheus
// hashes, so that hash() is equal to its (limit_ratio selects by it).
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth {

inline constexpr std::string_view kMetricName = "__name__";
inline constexpr size_t kLongestLabelText = 0xffffff;  // bytes of a name or a value

struct Label {
  std::string_view name;
  std::string_view value;
  bool operator==(const Label&) const = default;
  auto operator<=>(const Label&) const = default;
};

// A set that somebody else owns: `flat` must outlive it. Immutable.
class LabelsView {
 public:
  constexpr LabelsView() = default;
  explicit constexpr LabelsView(std::string_view flat) : flat_(flat) {}

  class iterator {
   public:
    using value_type = Label;
    using difference_type = std::ptrdiff_t;
    using reference = const Label&;
    using pointer = const Label*;
    using iterator_category = std::forward_iterator_tag;
    iterator() = default;
    explicit iterator(std::string_view rest) : rest_(rest) { read(); }
    const Label& operator*() const { return label_; }
    const Label* operator->() const { return &label_; }
    iterator& operator++() {
      rest_.remove_prefix(taken_);
      read();
      return *this;
    }
    iterator operator++(int) {
      iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const iterator& other) const { return rest_.size() == other.rest_.size(); }

   private:
    void read();
    std::string_view rest_;
    Label label_;
    size_t taken_ = 0;
  };
  iterator begin() const { return iterator(flat_); }
  iterator end() const { return iterator(); }

  bool empty() const { return flat_.empty(); }
  size_t size() const;                             // number of labels; walks the set
  std::string_view get(std::string_view name) const;  // "" when absent
  bool has(std::string_view name) const;
  std::string_view metric_name() const { return get(kMetricName); }
  std::string_view flat() const { return flat_; }
  uint64_t hash() const;  // xxhash64 of the flat bytes; equal to Prometheus' Labels.Hash()

  // Equal sets are equal bytes; the order is by name, then value, label for label.
  bool operator==(const LabelsView& other) const { return flat_ == other.flat_; }
  std::strong_ordering operator<=>(const LabelsView& other) const;

 private:
  std::string_view flat_;
};

// A set that owns its bytes. Names are unique and sorted, no value is empty.
class Labels {
 public:
  Labels() = default;
  explicit Labels(LabelsView view) : flat_(view.flat()) {}
  // Any order; later duplicates win, empty values vanish.
  Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels);
  static Labels from_pairs(std::vector<std::pair<std::string, std::string>> labels);
  static Labels from_flat(std::string flat);  // Requires: flat is well formed

  operator LabelsView() const { return LabelsView(flat_); }
  LabelsView view() const { return LabelsView(flat_); }
  LabelsView::iterator begin() const { return view().begin(); }
  LabelsView::iterator end() const { return view().end(); }
  bool empty() const { return flat_.empty(); }
  size_t size() const { return view().size(); }
  std::string_view get(std::string_view name) const { return view().get(name); }
  bool has(std::string_view name) const { return view().has(name); }
  std::string_view metric_name() const { return get(kMetricName); }
  const std::string& flat() const { return flat_; }
  uint64_t hash() const { return view().hash(); }

  bool operator==(const Labels& other) const { return flat_ == other.flat_; }
  std::strong_ordering operator<=>(const Labels& other) const { return view() <=> other.view(); }

 private:
  std::string flat_;
};

// Appends one label in the flat form. Requires: name sorts after all names before it. Throws
// Error(kBadData) for a text longer than kLongestLabelText.
void append_flat_label(std::string& flat, std::string_view name, std::string_view value);

// Changes a set label by label, as relabelling does. One thread.
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(LabelsView base) { reset(base); }
  void reset(LabelsView base);
  std::string_view get(std::string_view name) const;  // "" when absent; valid until the next change
  void set(std::string_view name, std::string_view value);  // an empty value deletes
  void erase(std::string_view name);
  // Keeps only the labels for which keep(name) is true.
  template <class Keep>
  void retain(Keep keep) {
    std::erase_if(labels_, [&](const auto& label) { return !keep(std::string_view(label.first)); });
  }
  const std::vector<std::pair<std::string, std::string>>& labels() const { return labels_; }
  Labels build() const;

 private:
  std::vector<std::pair<std::string, std::string>> labels_;  // sorted by name
};

// Prometheus' Labels.String(): {__name__="up", job="x"}.
std::string labels_text(LabelsView labels);

// Prometheus' Metric text: up{job="x"}; names that are not legacy-valid are quoted inside the braces.
std::string metric_text(LabelsView labels);

// [a-zA-Z_][a-zA-Z0-9_]* and [a-zA-Z_:][a-zA-Z0-9_:]*.
bool is_legacy_label_name(std::string_view name);
bool is_legacy_metric_name(std::string_view name);

}  // namespace hearth
