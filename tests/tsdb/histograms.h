// Histograms for tests of what stores them.
#pragma once

#include <bit>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/histogram.h"
#include "core/histogram_buckets.h"
#include "core/sample.h"
#include "core/storage.h"

namespace hearth::tsdb {

// Bucket counts by index; makes the histogram consistent.
inline FloatHistogram make_histogram(const std::map<int32_t, double>& positive,
                                     const std::map<int32_t, double>& negative = {},
                                     double zero_count = 0) {
  FloatHistogram h;
  h.integer = true;
  h.zero_threshold = 0x1p-128;
  h.zero_count = h.count = zero_count;
  const auto fill = [&](const std::map<int32_t, double>& counts, auto& spans, auto& buckets) {
    std::vector<IndexedCount> list;
    for (const auto& [index, count] : counts) {
      list.push_back({index, count});
      h.count += count;
    }
    set_counts(list, spans, buckets);
  };
  fill(positive, h.positive_spans, h.positive_buckets);
  fill(negative, h.negative_spans, h.negative_buckets);
  h.sum = h.count * 0.75;
  return h;
}

// With upper bounds instead of a schema; the last count is of those beyond.
inline FloatHistogram make_custom_histogram(std::vector<double> bounds,
                                            std::vector<double> counts) {
  FloatHistogram h;
  h.integer = true;
  h.schema = kCustomBucketsSchema;
  h.custom_values = std::move(bounds);
  h.positive_spans = {{0, static_cast<uint32_t>(counts.size())}};
  h.positive_buckets = std::move(counts);
  for (const double count : h.positive_buckets) h.count += count;
  h.sum = h.count * 1.5;
  return h;
}

inline FloatHistogram make_stale_histogram(bool integer = true) {
  FloatHistogram h;
  h.integer = integer;
  h.sum = stale_marker();
  return h;
}

// The same to the bit, buckets compared by index, empty ones included only in their count; "" or
// what differs. Counter reset hints are not looked at.
inline std::string histogram_difference(const FloatHistogram& got, const FloatHistogram& want) {
  const auto bits = [](double x) { return std::bit_cast<uint64_t>(x); };
  const auto by_index = [](const auto& spans, const auto& buckets) {
    std::map<int32_t, uint64_t> counts;
    for (const IndexedCount& c : indexed_counts(spans, buckets)) {
      if (c.count != 0) counts[c.index] = std::bit_cast<uint64_t>(c.count);
    }
    return counts;
  };
  if (got.integer != want.integer) return "integer";
  if (bits(got.sum) != bits(want.sum)) return "sum";
  if (is_stale(want.sum)) return got.positive_spans.empty() && got.count == 0 ? "" : "stale marker";
  if (got.schema != want.schema) return "schema";
  if (bits(got.zero_threshold) != bits(want.zero_threshold)) return "zero threshold";
  if (bits(got.zero_count) != bits(want.zero_count)) return "zero count";
  if (bits(got.count) != bits(want.count)) return "count";
  if (got.custom_values != want.custom_values) return "custom bounds";
  if (by_index(got.positive_spans, got.positive_buckets) !=
      by_index(want.positive_spans, want.positive_buckets))
    return "positive buckets";
  if (by_index(got.negative_spans, got.negative_buckets) !=
      by_index(want.negative_spans, want.negative_buckets))
    return "negative buckets";
  return "";
}

// A series of histograms as clients make them: counts grow, buckets are added, now and then a
// reset, another schema, a gauge, a stale marker.
class RandomHistograms {
 public:
  explicit RandomHistograms(uint64_t seed) : random_(seed) { restart(); }

  FloatHistogram next() {
    const auto dice = random_() % 40;
    if (dice == 0) restart();
    if (dice == 1) return stale();
    if (dice == 2) positive_.clear();
    for (auto* side : {&positive_, &negative_}) {
      for (auto& [index, count] : *side) {
        if (random_() % 3 == 0) count += step();
        if (gauge_ && random_() % 3 == 0) count = step();
      }
    }
    if (custom_) {
      std::vector<double> counts;
      for (int32_t i = 0; i < 5; ++i) counts.push_back(positive_[i]);
      return finish(make_custom_histogram(bounds_, counts));
    }
    if (random_() % 4 == 0) positive_[static_cast<int32_t>(random_() % 60) - 30] += step();
    if (random_() % 8 == 0) negative_[static_cast<int32_t>(random_() % 20) - 30] += step();
    if (random_() % 8 == 0) positive_[static_cast<int32_t>(random_() % 60) - 30] += 0;
    if (gauge_ && random_() % 8 == 0 && !positive_.empty()) positive_.erase(positive_.begin());
    zero_ += step();
    FloatHistogram h = finish(make_histogram(positive_, negative_, zero_));
    h.zero_threshold = threshold_;
    h.schema = schema_;
    return h;
  }

 private:
  double step() {
    return floats_ ? static_cast<double>(random_() % 1000) / 8
                   : static_cast<double>(random_() % 50);
  }
  FloatHistogram finish(FloatHistogram h) {
    h.integer = !floats_;
    if (gauge_) h.counter_reset_hint = CounterResetHint::kGauge;
    h.sum = static_cast<double>(random_() % 100'000) / 7;
    return h;
  }
  FloatHistogram stale() const { return make_stale_histogram(!floats_); }
  void restart() {
    positive_.clear();
    negative_.clear();
    zero_ = 0;
    floats_ = random_() % 2 == 0;
    gauge_ = random_() % 4 == 0;
    custom_ = random_() % 4 == 0;
    schema_ = static_cast<int32_t>(random_() % 13) - 4;
    const double thresholds[] = {0, 0x1p-128, 0x1p-242, 1024, 0.001, 0x1p-243, 2048, 0x1p-244};
    threshold_ = thresholds[random_() % 8];
    bounds_ = {-1, 0.005, 0.1, static_cast<double>(random_() % 4) + 0.25, 1e9};
    bounds_.resize(4 + random_() % 2);
  }

  std::mt19937_64 random_;
  std::map<int32_t, double> positive_, negative_;
  double zero_ = 0, threshold_ = 0;
  bool floats_ = false, gauge_ = false, custom_ = false;
  int32_t schema_ = 0;
  std::vector<double> bounds_;
};

}  // namespace hearth::tsdb
