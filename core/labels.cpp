#include "core/labels.h"

#include <algorithm>
#include <span>

#include "core/error.h"
#include "core/go_text.h"
#include "core/hash.h"

namespace hearth {

namespace {

constexpr unsigned char kLongLength = 255;

// Reads a length at p and moves p behind it. Flat sets are made by us, never read from outside.
size_t read_length(const char*& p) {
  const auto first = static_cast<unsigned char>(*p++);
  if (first != kLongLength) return first;
  const auto byte = [&](int i) { return size_t{static_cast<unsigned char>(p[i])}; };
  const size_t length = byte(0) | byte(1) << 8 | byte(2) << 16;
  p += 3;
  return length;
}

void append_flat_text(std::string& flat, std::string_view text) {
  if (text.size() > kLongestLabelText) {
    throw Error(ErrorKind::kBadData, "a label's name or value has " + std::to_string(text.size()) +
                                         " bytes, of at most " + std::to_string(kLongestLabelText));
  }
  if (text.size() < kLongLength) {
    flat.push_back(static_cast<char>(text.size()));
  } else {
    const char length[] = {static_cast<char>(kLongLength), static_cast<char>(text.size()),
                           static_cast<char>(text.size() >> 8), static_cast<char>(text.size() >> 16)};
    flat.append(length, sizeof length);
  }
  flat.append(text);
}

// Sorted by name already, but duplicates and empty values may stand in it.
std::string flatten(std::span<const std::pair<std::string_view, std::string_view>> sorted) {
  std::string flat;
  for (size_t i = 0; i < sorted.size(); ++i) {
    const bool overwritten = i + 1 < sorted.size() && sorted[i + 1].first == sorted[i].first;
    if (!overwritten && !sorted[i].second.empty()) append_flat_label(flat, sorted[i].first, sorted[i].second);
  }
  return flat;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

void LabelsView::iterator::read() {
  if (rest_.empty()) return;
  const char* p = rest_.data();
  const size_t name_length = read_length(p);
  label_.name = {p, name_length};
  p += name_length;
  const size_t value_length = read_length(p);
  label_.value = {p, value_length};
  taken_ = static_cast<size_t>(p + value_length - rest_.data());
}

size_t LabelsView::size() const { return static_cast<size_t>(std::distance(begin(), end())); }

std::string_view LabelsView::get(std::string_view name) const {
  for (const Label& label : *this) {
    if (label.name == name) return label.value;
    if (label.name > name) break;
  }
  return {};
}

bool LabelsView::has(std::string_view name) const { return !get(name).empty(); }

uint64_t LabelsView::hash() const { return xxhash64(flat_); }

std::strong_ordering LabelsView::operator<=>(const LabelsView& other) const {
  if (flat_ == other.flat_) return std::strong_ordering::equal;
  auto a = begin();
  auto b = other.begin();
  for (; a != end() && b != other.end(); ++a, ++b) {
    if (const auto order = a->name <=> b->name; order != 0) return order;
    if (const auto order = a->value <=> b->value; order != 0) return order;
  }
  return (a != end()) <=> (b != other.end());
}

Labels::Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  std::vector<std::pair<std::string_view, std::string_view>> sorted(labels);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  flat_ = flatten(sorted);
}

Labels Labels::from_pairs(std::vector<std::pair<std::string, std::string>> labels) {
  std::stable_sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::pair<std::string_view, std::string_view>> views(labels.begin(), labels.end());
  return from_flat(flatten(views));
}

Labels Labels::from_flat(std::string flat) {
  Labels labels;
  labels.flat_ = std::move(flat);
  return labels;
}

void append_flat_label(std::string& flat, std::string_view name, std::string_view value) {
  append_flat_text(flat, name);
  append_flat_text(flat, value);
}

void LabelsBuilder::reset(LabelsView base) {
  labels_.clear();
  for (const Label& label : base) labels_.emplace_back(label.name, label.value);
}

namespace {
template <class Vector>
auto find_label(Vector& labels, std::string_view name) {
  return std::lower_bound(labels.begin(), labels.end(), name,
                          [](const auto& label, std::string_view n) { return label.first < n; });
}
}  // namespace

std::string_view LabelsBuilder::get(std::string_view name) const {
  const auto it = find_label(labels_, name);
  return it != labels_.end() && it->first == name ? std::string_view(it->second) : std::string_view();
}

void LabelsBuilder::set(std::string_view name, std::string_view value) {
  if (value.empty()) return erase(name);
  const auto it = find_label(labels_, name);
  if (it != labels_.end() && it->first == name) {
    it->second = value;
  } else {
    labels_.emplace(it, name, value);
  }
}

void LabelsBuilder::erase(std::string_view name) {
  const auto it = find_label(labels_, name);
  if (it != labels_.end() && it->first == name) labels_.erase(it);
}

Labels LabelsBuilder::build() const {
  std::string flat;
  for (const auto& [name, value] : labels_) append_flat_label(flat, name, value);
  return Labels::from_flat(std::move(flat));
}

std::string labels_text(LabelsView labels) {
  std::string text = "{";
  for (const Label& label : labels) {
    if (text.size() > 1) text += ", ";
    text += is_legacy_label_name(label.name) ? std::string(label.name) : go_quote(label.name);
    text += '=';
    text += go_quote(label.value);
  }
  return text + '}';
}

std::string metric_text(LabelsView labels) {
  const std::string_view name = labels.metric_name();
  std::string inside;
  std::string text;
  if (is_legacy_metric_name(name)) {
    text = name;
  } else if (!name.empty()) {
    inside = go_quote(name);
  }
  for (const Label& label : labels) {
    if (label.name == kMetricName) continue;
    if (!inside.empty()) inside += ", ";
    inside += is_legacy_label_name(label.name) ? std::string(label.name) : go_quote(label.name);
    inside += '=';
    inside += go_quote(label.value);
  }
  if (inside.empty() && !text.empty()) return text;
  return text + '{' + inside + '}';
}

bool is_legacy_label_name(std::string_view name) {
  return !name.empty() && is_letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

bool is_legacy_metric_name(std::string_view name) {
  return !name.empty() && (is_letter(name[0]) || name[0] == ':') &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == ':'; });
}

}  // namespace hearth
