// A storage that is a list of series, for tests of the query engine.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/storage.h"

namespace hearth::promql {

struct StoredSeries {
  Labels labels;
  Columns columns;
};

// Thread-safe once filled.
class MemoryStorage final : public Queryable {
 public:
  std::vector<StoredSeries> series;
  std::function<void()> on_read;  // called before each read, when set

  Columns& add(Labels labels) {
    series.push_back({std::move(labels), {}});
    return series.back().columns;
  }
  std::unique_ptr<Querier> querier(TimeRange) override;
};

class MemorySeriesSet final : public SeriesSet {
 public:
  explicit MemorySeriesSet(const MemoryStorage& storage) : storage_(storage) {}
  std::vector<const StoredSeries*> found;

  size_t size() const override { return found.size(); }
  LabelsView labels(size_t i) const override { return found[i]->labels; }
  void read(size_t i, TimeRange range, Columns& out) const override {
    if (storage_.on_read) storage_.on_read();
    const Columns& in = found[i]->columns;
    out.clear();
    const auto window = [&](const std::vector<TimeMs>& t) {
      const auto first = std::lower_bound(t.begin(), t.end(), range.min);
      const auto last = std::upper_bound(first, t.end(), range.max);
      return std::pair(first - t.begin(), last - t.begin());
    };
    const auto [f0, f1] = window(in.t);
    out.t.assign(in.t.begin() + f0, in.t.begin() + f1);
    out.v.assign(in.v.begin() + f0, in.v.begin() + f1);
    const auto [h0, h1] = window(in.histogram_t);
    out.histogram_t.assign(in.histogram_t.begin() + h0, in.histogram_t.begin() + h1);
    out.histograms.assign(in.histograms.begin() + h0, in.histograms.begin() + h1);
  }

 private:
  const MemoryStorage& storage_;
};

class MemoryQuerier final : public Querier {
 public:
  explicit MemoryQuerier(const MemoryStorage& storage) : storage_(storage) {}
  std::unique_ptr<SeriesSet> select(std::span<const Matcher> matchers, const SelectHints&,
                                    Budget&) override {
    auto set = std::make_unique<MemorySeriesSet>(storage_);
    for (const StoredSeries& series : storage_.series) {
      const bool all = std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) {
        return m.matches(series.labels.view());
      });
      if (all) set->found.push_back(&series);
    }
    std::sort(set->found.begin(), set->found.end(),
              [](const auto* a, const auto* b) { return a->labels.view() < b->labels.view(); });
    return set;
  }
  std::vector<std::string> label_names(std::span<const Matcher>, size_t) override { return {}; }
  std::vector<std::string> label_values(const std::string&, std::span<const Matcher>,
                                        size_t) override {
    return {};
  }

 private:
  const MemoryStorage& storage_;
};

inline std::unique_ptr<Querier> MemoryStorage::querier(TimeRange) {
  return std::make_unique<MemoryQuerier>(*this);
}

}  // namespace hearth::promql
