#include "query/label_sets.h"

#include <algorithm>

#include "core/error.h"
#include "core/hash.h"
#include "query/checked_sort.h"

namespace hearth::promql {

namespace {

constexpr size_t kOften = 1024;  // series until somebody asks whether the query shall end

// Whether no two are equal, as far as their hashes tell: 8 bytes a series do for nearly all lists.
bool certainly_differ(Context& context, const SeriesList& series) {
  const Reservation reserved = context.reserve(series.size(), 1, sizeof(uint64_t));
  std::vector<uint64_t> hashes;
  hashes.reserve(series.size());
  for (const LabelsView labels : series.labels) {
    if (hashes.size() % kOften == 0) context.check();
    hashes.push_back(xxhash64(labels.flat(), process_seed()));
  }
  checked_sort(context, hashes, std::less<>());
  return std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end();
}

}  // namespace

bool is_metadata_label(std::string_view name) {
  return name == kMetricName || name == "__type__" || name == "__unit__";
}

LabelsView without_metadata(Context& context, LabelsView labels) {
  size_t found = 0;
  for (const Label& label : labels) {
    if (label.name > std::string_view("__unit__")) break;
    found += is_metadata_label(label.name);
  }
  if (found == 0) return labels;
  const Label first = *labels.begin();
  if (found == 1 && first.name == kMetricName) {  // the rest stands behind it
    const char* end = labels.flat().data() + labels.flat().size();
    const char* rest = first.value.data() + first.value.size();
    return LabelsView({rest, static_cast<size_t>(end - rest)});
  }
  std::string kept;
  for (const Label& label : labels) {
    if (!is_metadata_label(label.name)) append_flat_label(kept, label.name, label.value);
  }
  return context.keep_labels(kept);
}

LabelNames::LabelNames(std::vector<std::string> names, bool keep)
    : names_(std::move(names)), keep_(keep) {
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

bool LabelNames::contains(std::string_view name) const {
  return std::binary_search(names_.begin(), names_.end(), name, std::less<>());
}

void LabelNames::choose(LabelsView labels, std::string& flat) const {
  flat.clear();
  if (keep_ && names_.empty()) return;
  auto name = names_.begin();
  for (const Label& label : labels) {
    while (name != names_.end() && *name < label.name) ++name;
    if (keep_ && name == names_.end()) return;
    if ((name != names_.end() && *name == label.name) == keep_) {
      append_flat_label(flat, label.name, label.value);
    }
  }
}

std::pair<uint32_t, bool> Numbering::find(std::string_view text, bool copies) {
  if (entries_.size() * 2 >= slots_.size()) grow();
  const uint64_t hash = xxhash64(text, process_seed());
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    const Entry& entry = entries_[slots_[at] - 1];
    if (entry.hash == hash && entry.text == text) return {slots_[at] - 1, false};
  }
  entries_.push_back({copies ? arena_.copy(text) : text, hash});
  slots_[at] = static_cast<uint32_t>(entries_.size());
  return {slots_[at] - 1, true};
}

void Numbering::grow() {
  const size_t slots = std::max<size_t>(16, slots_.size() * 2);
  charge_.grow_to(slots * sizeof(uint32_t) + slots / 2 * sizeof(Entry));
  entries_.reserve(slots / 2);
  budget_.check();
  slots_.assign(slots, 0);
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (i % (16 * kOften) == 0) budget_.check();
    size_t at = entries_[i].hash & (slots - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots - 1);
    slots_[at] = static_cast<uint32_t>(i + 1);
  }
}

void Merging::set(Context& context, SeriesList& series) {
  members_.clear();
  if (certainly_differ(context, series)) return;
  Numbering known(context.budget);
  std::vector<uint32_t> output(series.size());
  for (size_t i = 0; i < series.size(); ++i) {
    if (i % kOften == 0) context.check();
    output[i] = known.number_lasting(series.labels[i].flat()).first;
  }
  if (known.size() == series.size()) return;
  SeriesList merged;
  members_.resize(known.size());
  for (size_t i = 0; i < series.size(); ++i) {
    if (i % kOften == 0) context.check();
    auto& members = members_[output[i]];
    members.push_back(static_cast<uint32_t>(i));
    if (members.size() > 1) continue;
    merged.labels.push_back(series.labels[i]);
    if (!series.drop_name.empty()) merged.drop_name.push_back(series.drop_name[i]);
  }
  series = std::move(merged);
}

void merge_row(Rows& into, size_t row, const Rows& from, size_t from_row) {
  const double* in = from[from_row];
  const HistogramPtr* in_histograms = from.histograms(from_row);
  double* out = into[row];
  for (size_t step = 0; step < into.steps(); ++step) {
    const bool histogram = in_histograms != nullptr && in_histograms[step] != nullptr;
    if (is_absent(in[step]) && !histogram) continue;
    if (into.has_point(row, step)) throw_same_labelset();
    if (histogram) {
      into.make_histograms(row)[step] = in_histograms[step];
    } else {
      out[step] = in[step];
    }
  }
}

void throw_same_labelset() {
  throw Error(ErrorKind::kExecution, "vector cannot contain metrics with the same labelset");
}

}  // namespace hearth::promql
