#include "tests/promql/memory_storage.h"

#include <algorithm>
#include <set>

#include "core/histogram_math.h"

namespace hearth::promql::script {
namespace {

bool matches_all(std::span<const Matcher> matchers, LabelsView labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const Matcher& m) { return m.matches(labels); });
}

template <class T>
struct Column {
  const std::vector<TimeMs>& t;
  const std::vector<T>& v;
  const std::vector<TimeMs>& start;
};

template <class T>
void copy_range(Column<T> from, TimeRange range, std::vector<TimeMs>& t, std::vector<T>& v,
                std::vector<TimeMs>& start) {
  const auto begin = std::lower_bound(from.t.begin(), from.t.end(), range.min) - from.t.begin();
  const auto end = std::upper_bound(from.t.begin(), from.t.end(), range.max) - from.t.begin();
  if (begin >= end) return;
  t.assign(from.t.begin() + begin, from.t.begin() + end);
  v.assign(from.v.begin() + begin, from.v.begin() + end);
  if (!from.start.empty()) start.assign(from.start.begin() + begin, from.start.begin() + end);
}

// For the sample `at`; the column begins with the first start that is known.
void push_start(std::vector<TimeMs>& starts, size_t at, TimeMs start) {
  if (start == 0 && starts.empty()) return;
  starts.resize(at);
  starts.push_back(start);
}

class MemorySeriesSet final : public SeriesSet {
 public:
  using Entry = std::pair<const Labels, MemoryStorage::Series>;
  explicit MemorySeriesSet(std::vector<const Entry*> found) : found_(std::move(found)) {}

  size_t size() const override { return found_.size(); }
  LabelsView labels(size_t series) const override { return found_[series]->first; }
  void read(size_t series, TimeRange range, Columns& out) const override {
    out.clear();
    const Columns& from = found_[series]->second.samples;
    copy_range(Column<double>{from.t, from.v, from.start_t}, range, out.t, out.v, out.start_t);
    copy_range(Column<FloatHistogram>{from.histogram_t, from.histograms, from.histogram_start_t},
               range, out.histogram_t, out.histograms, out.histogram_start_t);
  }

 private:
  std::vector<const Entry*> found_;
};

class MemoryQuerier final : public Querier {
 public:
  explicit MemoryQuerier(const std::map<Labels, MemoryStorage::Series>& series) : series_(series) {}

  std::unique_ptr<SeriesSet> select(std::span<const Matcher> matchers, const SelectHints& hints,
                                    Budget&) override {
    std::vector<const MemorySeriesSet::Entry*> found;
    for (const auto& entry : series_) {
      if (!matches_all(matchers, entry.first)) continue;
      if (hints.limit > 0 && found.size() == hints.limit) break;
      found.push_back(&entry);
    }
    return std::make_unique<MemorySeriesSet>(std::move(found));
  }
  std::vector<std::string> label_names(std::span<const Matcher> matchers, size_t limit) override {
    return collect(matchers, limit, [](const Labels& labels, std::set<std::string>& out) {
      for (const Label& label : labels) out.emplace(label.name);
    });
  }
  std::vector<std::string> label_values(const std::string& name, std::span<const Matcher> matchers,
                                        size_t limit) override {
    return collect(matchers, limit, [&](const Labels& labels, std::set<std::string>& out) {
      if (labels.has(name)) out.emplace(labels.get(name));
    });
  }

 private:
  template <class Add>
  std::vector<std::string> collect(std::span<const Matcher> matchers, size_t limit, Add add) {
    std::set<std::string> found;
    for (const auto& entry : series_) {
      if (matches_all(matchers, entry.first)) add(entry.first, found);
    }
    std::vector<std::string> out(found.begin(), found.end());
    if (limit > 0 && out.size() > limit) out.resize(limit);
    return out;
  }

  const std::map<Labels, MemoryStorage::Series>& series_;
};

// Whether a chunk that ends with `last` takes `next`. Only then is it known to be no reset.
bool continues(const FloatHistogram& last, const FloatHistogram& next) {
  if (is_stale(next.sum)) return next.counter_reset_hint != CounterResetHint::kReset;
  if (is_stale(last.sum) || next.schema != last.schema ||
      next.zero_threshold != last.zero_threshold || next.custom_values != last.custom_values) {
    return false;
  }
  FloatHistogram judged = next;
  if (judged.counter_reset_hint == CounterResetHint::kNotReset) {
    judged.counter_reset_hint = CounterResetHint::kUnknown;
  }
  return !counter_was_reset(judged, last);
}

}  // namespace

void MemoryStorage::append(const Labels& labels, TimeMs t, double v, TimeMs start) {
  Series& series = series_[labels];
  if (is_stale(v) && series.last_is_histogram) {
    FloatHistogram stale;
    stale.sum = v;
    return append(labels, t, std::move(stale), start);
  }
  push_start(series.samples.start_t, series.samples.t.size(), start);
  series.samples.t.push_back(t);
  series.samples.v.push_back(v);
  series.last_is_histogram = false;
}

void MemoryStorage::append(const Labels& labels, TimeMs t, FloatHistogram histogram, TimeMs start) {
  Series& series = series_[labels];
  using Hint = CounterResetHint;
  const bool gauge = histogram.counter_reset_hint == Hint::kGauge;
  if (!gauge) {
    // The first of a chunk reads as unknown unless it says itself that it follows a reset.
    const bool known = series.last_is_histogram && !series.gauge_chunk &&
                       continues(series.samples.histograms.back(), histogram);
    if (histogram.counter_reset_hint != Hint::kReset) {
      histogram.counter_reset_hint = known ? Hint::kNotReset : Hint::kUnknown;
    }
  }
  series.gauge_chunk = gauge;
  series.last_is_histogram = true;
  push_start(series.samples.histogram_start_t, series.samples.histogram_t.size(), start);
  series.samples.histogram_t.push_back(t);
  series.samples.histograms.push_back(std::move(histogram));
}

std::unique_ptr<Querier> MemoryStorage::querier(TimeRange) {
  return std::make_unique<MemoryQuerier>(series_);
}

}  // namespace hearth::promql::script
