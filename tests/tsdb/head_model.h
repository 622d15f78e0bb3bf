// What a head ought to hold: a map of vectors, with Prometheus' rules for what is stored.
#pragma once

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/sample.h"
#include "core/storage.h"
#include "tests/tsdb/histograms.h"

namespace hearth::tsdb {

// A float, or a histogram where that is not nullptr. A stale marker of a histogram has no buckets.
struct ModelSample {
  TimeMs t;
  double v;
  std::shared_ptr<const FloatHistogram> histogram;

  bool is_same(const ModelSample& other) const {
    if ((histogram == nullptr) != (other.histogram == nullptr)) return false;
    if (histogram == nullptr) return std::bit_cast<uint64_t>(v) == std::bit_cast<uint64_t>(other.v);
    return histogram_difference(*histogram, *other.histogram).empty();
  }
};

struct HeadModel {
  static constexpr DurationMs kHour = 3'600'000;

  std::map<Labels, std::vector<ModelSample>> series;
  std::map<Labels, std::vector<TimeRange>> deleted;
  TimeMs max = kMinTime;
  TimeMs min_valid = kMinTime;

  TimeMs oldest(TimeMs first) const {
    return std::max(min_valid, (max == kMinTime ? first : max) - kHour);
  }

  // `followed`: by another float in the same batch.
  void append(const Labels& labels, ModelSample sample, TimeMs oldest, AppendResult& expected,
              bool followed = false) {
    auto& samples = series[labels];
    const ModelSample* const last = samples.empty() ? nullptr : &samples.back();
    if (sample.histogram == nullptr && is_stale(sample.v) && !followed && last != nullptr &&
        last->histogram != nullptr)
      sample.histogram =
          std::make_shared<FloatHistogram>(make_stale_histogram(last->histogram->integer));
    if (sample.t < oldest) {
      ++expected.out_of_bounds;
    } else if (last != nullptr && sample.t < last->t) {
      ++expected.out_of_order;
    } else if (last != nullptr && sample.t == last->t && !sample.is_same(*last)) {
      ++expected.duplicate;
    } else {
      ++expected.stored;
      if (last == nullptr || sample.t > last->t) samples.push_back(std::move(sample));
    }
  }
  // To be called after each batch.
  void finish_batch() {
    std::erase_if(series, [](const auto& entry) { return entry.second.empty(); });
    for (const auto& [labels, samples] : series) max = std::max(max, samples.back().t);
  }

  void erase(const Labels& labels, TimeRange range) {
    const auto found = series.find(labels);
    if (found == series.end()) return;
    range = {std::max(range.min, found->second.front().t),
             std::min(range.max, found->second.back().t)};
    if (range.min <= range.max) deleted[labels].push_back(range);
  }
  bool is_deleted(const Labels& labels, TimeMs t) const {
    const auto found = deleted.find(labels);
    return found != deleted.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [t](TimeRange range) { return range.contains(t); });
  }

  void truncate(TimeMs before) {
    min_valid = std::max(min_valid, before);
    for (auto& [labels, samples] : series)
      std::erase_if(samples, [&](const ModelSample& sample) { return sample.t < before; });
    std::erase_if(series, [](const auto& entry) { return entry.second.empty(); });
  }

  // "" or where `columns` are not the samples within the range.
  std::string difference(const Labels& labels, TimeRange range, const Columns& columns) const {
    size_t floats = 0, histograms = 0;
    const auto found = series.find(labels);
    if (found != series.end()) {
      for (const ModelSample& sample : found->second) {
        if (!range.contains(sample.t) || is_deleted(labels, sample.t)) continue;
        const std::string at = labels_text(labels) + " at " + std::to_string(sample.t);
        if (sample.histogram == nullptr) {
          if (floats == columns.t.size() || columns.t[floats] != sample.t) return at + ": no float";
          if (std::bit_cast<uint64_t>(columns.v[floats]) != std::bit_cast<uint64_t>(sample.v))
            return at + ": another value";
          ++floats;
        } else {
          if (histograms == columns.histogram_t.size() ||
              columns.histogram_t[histograms] != sample.t)
            return at + ": no histogram";
          const std::string why =
              histogram_difference(columns.histograms[histograms], *sample.histogram);
          if (!why.empty()) return at + ": another " + why;
          ++histograms;
        }
      }
    }
    const bool more = floats != columns.t.size() || histograms != columns.histogram_t.size();
    return more ? labels_text(labels) + ": more samples than there are" : "";
  }
};

}  // namespace hearth::tsdb
