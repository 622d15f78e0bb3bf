// Series in memory, for tests that need answers and no database.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/storage.h"

namespace hearth::web {

struct FakeSeries {
  Labels labels;
  std::vector<Sample> samples;  // oldest first
};

class FakeSeriesSet final : public SeriesSet {
 public:
  explicit FakeSeriesSet(std::vector<const FakeSeries*> series) : series_(std::move(series)) {}
  size_t size() const override { return series_.size(); }
  LabelsView labels(size_t i) const override { return series_[i]->labels; }
  void read(size_t i, TimeRange range, Columns& out) const override {
    out.clear();
    for (const Sample& sample : series_[i]->samples) {
      if (!range.contains(sample.t)) continue;
      out.t.push_back(sample.t);
      out.v.push_back(sample.v);
    }
  }

 private:
  std::vector<const FakeSeries*> series_;
};

class FakeQuerier final : public Querier {
 public:
  FakeQuerier(const std::vector<FakeSeries>& series, TimeRange range)
      : series_(series), range_(range) {}

  std::unique_ptr<SeriesSet> select(std::span<const Matcher> matchers, const SelectHints& hints,
                                    Budget&) override {
    std::vector<const FakeSeries*> found = matching(matchers);
    std::sort(found.begin(), found.end(),
              [](const auto* a, const auto* b) { return a->labels < b->labels; });
    if (hints.limit > 0 && found.size() > hints.limit) found.resize(hints.limit);
    return std::make_unique<FakeSeriesSet>(std::move(found));
  }
  std::vector<std::string> label_names(std::span<const Matcher> matchers, size_t limit) override {
    std::vector<std::string> names;
    for (const FakeSeries* series : matching(matchers)) {
      for (const Label& label : series->labels) names.emplace_back(label.name);
    }
    return sorted(std::move(names), limit);
  }
  std::vector<std::string> label_values(const std::string& name, std::span<const Matcher> matchers,
                                        size_t limit) override {
    std::vector<std::string> values;
    for (const FakeSeries* series : matching(matchers)) {
      if (series->labels.has(name)) values.emplace_back(series->labels.get(name));
    }
    return sorted(std::move(values), limit);
  }

 private:
  std::vector<const FakeSeries*> matching(std::span<const Matcher> matchers) const {
    std::vector<const FakeSeries*> found;
    for (const FakeSeries& series : series_) {
      const bool matches = std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) {
        return m.matches(series.labels.view());
      });
      const bool inside =
          std::any_of(series.samples.begin(), series.samples.end(),
                      [&](const Sample& sample) { return range_.contains(sample.t); });
      if (matches && inside) found.push_back(&series);
    }
    return found;
  }
  static std::vector<std::string> sorted(std::vector<std::string> texts, size_t limit) {
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    if (limit > 0 && texts.size() > limit) texts.resize(limit);
    return texts;
  }

  const std::vector<FakeSeries>& series_;
  const TimeRange range_;
};

class FakeStorage final : public Queryable {
 public:
  std::unique_ptr<Querier> querier(TimeRange range) override {
    return std::make_unique<FakeQuerier>(series, range);
  }
  std::vector<ExemplarSeries> exemplars(std::span<const std::vector<Matcher>> selectors,
                                        TimeRange range) override {
    std::vector<ExemplarSeries> found;
    for (const ExemplarSeries& one : exemplar_series) {
      const bool matches = std::any_of(selectors.begin(), selectors.end(), [&](const auto& all) {
        return std::all_of(all.begin(), all.end(), [&](const Matcher& m) {
          return m.matches(one.labels.view());
        });
      });
      if (matches && range.contains(one.exemplars.at(0).t)) found.push_back(one);
    }
    return found;
  }
  std::vector<FakeSeries> series;
  std::vector<ExemplarSeries> exemplar_series;
};

// Takes everything and keeps nothing.
class NullAppender final : public Appender {
 public:
  using Appender::intern;
  SeriesRef intern(LabelsView, SeriesSource*) override { return 1; }
  AppendResult append(const Batch& batch) override {
    AppendResult result;
    result.stored = batch.size();
    return result;
  }
};

}  // namespace hearth::web
