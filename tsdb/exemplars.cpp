#include "tsdb/exemplars.h"

#include <algorithm>

#include "core/log.h"

namespace hearth::tsdb {
namespace {

size_t code_points(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool too_long(LabelsView labels) {
  size_t length = 0;
  for (const Label& label : labels) length += code_points(label.name) + code_points(label.value);
  return length > kMaxExemplarLabelLength;
}

// Those without times of their own are the same whenever they come.
bool same(const Exemplar& a, const Exemplar& b) {
  return a.labels == b.labels && a.value == b.value && (a.t == b.t || (!a.has_time && !b.has_time));
}

bool matches_any(LabelsView labels, std::span<const std::vector<Matcher>> selectors) {
  return std::any_of(selectors.begin(), selectors.end(), [&](const std::vector<Matcher>& matchers) {
    return std::all_of(matchers.begin(), matchers.end(),
                       [&](const Matcher& matcher) { return matcher.matches(labels); });
  });
}

}  // namespace

ExemplarRing::ExemplarRing(Registry& r)
    : appended_(r.counter("prometheus_tsdb_exemplar_exemplars_appended_total",
                          "Total number of appended exemplars.")),
      out_of_order_(r.counter("prometheus_tsdb_exemplar_out_of_order_exemplars_total",
                              "Total number of out of order exemplar ingestion failed attempts.")),
      in_storage_(r.gauge("prometheus_tsdb_exemplar_exemplars_in_storage",
                          "Number of exemplars currently in circular storage.")),
      series_in_storage_(r.gauge("prometheus_tsdb_exemplar_series_with_exemplars_in_storage",
                                 "Number of series with exemplars currently in circular storage.")),
      oldest_time_(r.gauge("prometheus_tsdb_exemplar_last_exemplars_timestamp_seconds",
                           "The timestamp of the oldest exemplar stored in circular storage. Useful "
                           "to check for what timerange the current exemplar buffer limit allows. "
                           "This usually means the last timestampfor all exemplars for a typical "
                           "setup. This is not true though if one of the series timestamp is in "
                           "future compared to rest series.")),
      max_gauge_(r.gauge("prometheus_tsdb_exemplar_max_exemplars",
                         "Total number of exemplars the exemplar storage can store, resizeable.")) {
}

void ExemplarRing::configure(uint32_t max, DurationMs out_of_order_window) {
  MutexLock lock(mutex_);
  out_of_order_window_ = std::max<DurationMs>(out_of_order_window, 0);
  const uint32_t before = max_.load(std::memory_order_relaxed);
  if (max == before) return;

  std::rotate(slots_.begin(), slots_.begin() + (slots_.size() == before ? next_ : 0), slots_.end());
  const std::vector<Slot> old = std::exchange(slots_, {});
  SeriesLists old_lists = std::exchange(lists_, {});
  next_ = 0;
  max_.store(max, std::memory_order_relaxed);
  const size_t kept = std::min<size_t>(max, old.size());
  for (size_t i = old.size() - kept; i < old.size(); ++i) {
    put(LabelsView(old[i].series->first), old[i].exemplar);
  }
  max_gauge_.set(max);
  show();
  log_info("Exemplar storage resized", "from", before, "to", max, "migrated", kept);
}

ExemplarRing::Outcome ExemplarRing::check(LabelsView series, const Exemplar& exemplar) const {
  if (!on()) return Outcome::kIgnored;
  MutexLock lock(mutex_);
  const auto found = lists_.find(std::string(series.flat()));
  return judge(found == lists_.end() ? nullptr : &found->second, exemplar);
}

ExemplarRing::Outcome ExemplarRing::add(LabelsView series, const Exemplar& exemplar) {
  if (!on()) return Outcome::kIgnored;
  MutexLock lock(mutex_);
  const auto found = lists_.find(std::string(series.flat()));
  const Outcome outcome = judge(found == lists_.end() ? nullptr : &found->second, exemplar);
  if (outcome == Outcome::kOutOfOrder) out_of_order_.add();
  if (outcome != Outcome::kStored) return outcome;
  put(series, exemplar);
  appended_.add();
  show();
  return outcome;
}

// As Prometheus has it: at one time the values have to ascend, and then the labels, so that what
// comes again is noticed by a look at the newest. (There the labels' hash decides, here their
// order.)
ExemplarRing::Outcome ExemplarRing::judge(const Ends* ends, const Exemplar& exemplar) const {
  if (!on()) return Outcome::kIgnored;
  if (too_long(exemplar.labels)) return Outcome::kTooLong;
  if (ends == nullptr) return Outcome::kStored;
  const Exemplar& newest = slots_[ends->newest].exemplar;
  if (same(newest, exemplar)) return Outcome::kIgnored;
  if (exemplar.t > newest.t) return Outcome::kStored;
  if (exemplar.t == newest.t) {
    const bool before = exemplar.value < newest.value ||
                        (exemplar.value == newest.value && exemplar.labels < newest.labels);
    return before ? Outcome::kOutOfOrder : Outcome::kStored;
  }
  const auto late = static_cast<uint64_t>(newest.t) - static_cast<uint64_t>(exemplar.t);
  if (late >= static_cast<uint64_t>(out_of_order_window_)) return Outcome::kOutOfOrder;
  const uint32_t before = predecessor(*ends, exemplar.t);
  const bool taken = before != kNone && slots_[before].exemplar.t == exemplar.t;
  return taken ? Outcome::kIgnored : Outcome::kStored;
}

// The last one of a series that is not later than t.
uint32_t ExemplarRing::predecessor(const Ends& ends, TimeMs t) const {
  uint32_t at = ends.newest;
  while (at != kNone && slots_[at].exemplar.t > t) at = slots_[at].before;
  return at;
}

void ExemplarRing::put(LabelsView series, const Exemplar& exemplar) {
  const uint32_t max = max_.load(std::memory_order_relaxed);
  if (next_ < slots_.size()) {
    unlink(next_);
  } else {
    slots_.emplace_back();
  }
  const uint32_t at = next_;
  next_ = (next_ + 1) % max;

  SeriesLists::value_type& list = *lists_.try_emplace(std::string(series.flat())).first;
  Ends& ends = list.second;
  const uint32_t before = predecessor(ends, exemplar.t);
  const uint32_t after = before == kNone ? ends.oldest : slots_[before].after;
  slots_[at] = {exemplar, &list, before, after};
  (before == kNone ? ends.oldest : slots_[before].after) = at;
  (after == kNone ? ends.newest : slots_[after].before) = at;
}

void ExemplarRing::unlink(uint32_t at) {
  const Slot& slot = slots_[at];
  Ends& ends = slot.series->second;
  (slot.before == kNone ? ends.oldest : slots_[slot.before].after) = slot.after;
  (slot.after == kNone ? ends.newest : slots_[slot.after].before) = slot.before;
  if (ends.oldest == kNone) lists_.erase(lists_.find(slot.series->first));
}

void ExemplarRing::show() {
  in_storage_.set(static_cast<double>(slots_.size()));
  series_in_storage_.set(static_cast<double>(lists_.size()));
  const bool full = slots_.size() == max_.load(std::memory_order_relaxed);
  const Slot* const oldest = slots_.empty() ? nullptr : &slots_[full ? next_ : 0];
  oldest_time_.set(oldest == nullptr ? 0 : static_cast<double>(oldest->exemplar.t) / 1000);
}

// The matchers, which may be slow, are asked without the lock.
std::vector<ExemplarSeries> ExemplarRing::find(std::span<const std::vector<Matcher>> selectors,
                                               TimeRange range) const {
  std::vector<ExemplarSeries> found;
  {
    MutexLock lock(mutex_);
    for (const auto& [flat, ends] : lists_) {
      const TimeRange times{slots_[ends.oldest].exemplar.t, slots_[ends.newest].exemplar.t};
      if (range.overlaps(times)) found.push_back({Labels::from_flat(flat), {}});
    }
  }
  std::erase_if(
      found, [&](const ExemplarSeries& series) { return !matches_any(series.labels, selectors); });
  {
    MutexLock lock(mutex_);
    for (ExemplarSeries& series : found) {
      const auto list = lists_.find(series.labels.flat());
      if (list == lists_.end()) continue;
      for (uint32_t at = list->second.oldest; at != kNone; at = slots_[at].after) {
        if (range.contains(slots_[at].exemplar.t)) series.exemplars.push_back(slots_[at].exemplar);
      }
    }
  }
  std::erase_if(found, [](const ExemplarSeries& series) { return series.exemplars.empty(); });
  std::sort(found.begin(), found.end(),
            [](const ExemplarSeries& a, const ExemplarSeries& b) { return a.labels < b.labels; });
  return found;
}

}  // namespace hearth::tsdb
