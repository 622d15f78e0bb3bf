#include "query/sample_store.h"

#include <algorithm>
#include <set>

#include "core/histogram_math.h"

namespace hearth::promql {
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

class StoredSeriesSet final : public SeriesSet {
 public:
  using Entry = SampleStore::Entry;
  explicit StoredSeriesSet(std::vector<const Entry*> found) : found_(std::move(found)) {}

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

class StoreQuerier final : public Querier {
 public:
  using ByName = std::unordered_map<std::string, std::vector<SampleStore::Entry*>>;
  StoreQuerier(std::map<Labels, SampleStore::Series>& series, const ByName& by_name)
      : series_(series), by_name_(by_name) {}

  std::unique_ptr<SeriesSet> select(std::span<const Matcher> matchers, const SelectHints& hints,
                                    Budget&) override {
    std::vector<const SampleStore::Entry*> found;
    each(matchers, [&](const SampleStore::Entry& entry) { found.push_back(&entry); });
    if (hints.limit > 0 && found.size() > hints.limit) found.resize(hints.limit);
    return std::make_unique<StoredSeriesSet>(std::move(found));
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
  // Calls `take` for the series that match, in the order of their labels.
  template <class Take>
  void each(std::span<const Matcher> matchers, Take take) {
    const auto named = std::find_if(matchers.begin(), matchers.end(), [](const Matcher& m) {
      return m.name() == kMetricName && m.type() == MatchType::kEqual;
    });
    if (named == matchers.end()) {
      for (const SampleStore::Entry& entry : series_) {
        if (matches_all(matchers, entry.first)) take(entry);
      }
      return;
    }
    const auto found = by_name_.find(named->value());
    if (found == by_name_.end()) return;
    for (const SampleStore::Entry* entry : found->second) {
      if (matches_all(matchers, entry->first)) take(*entry);
    }
  }

  template <class Add>
  std::vector<std::string> collect(std::span<const Matcher> matchers, size_t limit, Add add) {
    std::set<std::string> found;
    each(matchers, [&](const SampleStore::Entry& entry) { add(entry.first, found); });
    std::vector<std::string> out(found.begin(), found.end());
    if (limit > 0 && out.size() > limit) out.resize(limit);
    return out;
  }

  std::map<Labels, SampleStore::Series>& series_;
  const ByName& by_name_;
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

void SampleStore::append(const Labels& labels, TimeMs t, double v, TimeMs start) {
  Series& series = entry(labels).second;
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

void SampleStore::append(const Labels& labels, TimeMs t, FloatHistogram histogram, TimeMs start) {
  Series& series = entry(labels).second;
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

std::unique_ptr<Querier> SampleStore::querier(TimeRange) {
  return std::make_unique<StoreQuerier>(series_, by_name_);
}

void SampleStore::clear() {
  series_.clear();
  by_name_.clear();
  by_ref_.clear();
}

SampleStore::Entry& SampleStore::entry(const Labels& labels) {
  const auto [found, made] = series_.try_emplace(labels);
  if (!made) return *found;
  by_ref_.push_back(&*found);
  found->second.ref = static_cast<SeriesRef>(by_ref_.size());
  std::vector<Entry*>& named = by_name_[std::string(labels.metric_name())];
  named.insert(std::upper_bound(named.begin(), named.end(), labels,
                                [](const Labels& a, const Entry* b) { return a < b->first; }),
               &*found);
  return *found;
}

SeriesRef SampleStore::intern(LabelsView labels, SeriesSource*) {
  return entry(Labels(labels)).second.ref;
}

AppendResult SampleStore::append(const Batch& batch) {
  AppendResult result;
  // Whether the series takes a sample of this time.
  const auto in_order = [&](const Series& series, TimeMs t) {
    const Columns& samples = series.samples;
    TimeMs newest = samples.t.empty() ? INT64_MIN : samples.t.back();
    if (!samples.histogram_t.empty()) newest = std::max(newest, samples.histogram_t.back());
    if (t > newest) return true;
    (t == newest ? result.duplicate : result.out_of_order) += 1;
    return false;
  };
  for (size_t i = 0; i < batch.size(); ++i) {
    const Entry& of = *by_ref_[batch.refs[i] - 1];
    if (!in_order(of.second, batch.times[i])) continue;
    append(of.first, batch.times[i], batch.values[i]);
    ++result.stored;
  }
  for (const Batch::SeriesHistogram& histogram : batch.histograms) {
    const Entry& of = *by_ref_[histogram.ref - 1];
    if (!in_order(of.second, histogram.t)) continue;
    append(of.first, histogram.t, histogram.histogram);
    ++result.stored_histograms;
  }
  return result;
}

}  // namespace hearth::promql
