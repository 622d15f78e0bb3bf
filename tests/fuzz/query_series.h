// A few series with everything that queries trip over, for the fuzzer of the query engine.
#pragma once

#include <cmath>
#include <limits>

#include "core/sample.h"
#include "tests/query/memory_storage.h"

namespace hearth::promql {

inline FloatHistogram counted_histogram(int32_t schema, double n) {
  FloatHistogram h;
  h.schema = schema;
  h.zero_threshold = 0.001;
  h.zero_count = 1;
  h.positive_spans = {{0, 2}, {1, 1}};
  h.positive_buckets = {n, 2, n / 2};
  h.negative_spans = {{-1, 1}};
  h.negative_buckets = {1};
  h.count = 4 + n * 1.5;
  h.sum = n;
  return h;
}

inline FloatHistogram custom_histogram(std::vector<double> bounds, double n) {
  FloatHistogram h;
  h.schema = kCustomBucketsSchema;
  h.custom_values = std::move(bounds);
  h.positive_spans = {{0, static_cast<uint32_t>(h.custom_values.size() + 1)}};
  h.positive_buckets.assign(h.custom_values.size() + 1, n);
  h.count = n * static_cast<double>(h.positive_buckets.size());
  h.sum = n;
  return h;
}

// Twenty minutes from time 0 on.
inline void fill(MemoryStorage& storage) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  constexpr TimeMs kEnd = 1'200'000;
  const auto add = [&](const char* name, std::initializer_list<Label> labels) -> Columns& {
    LabelsBuilder builder{LabelsView()};
    builder.set(kMetricName, name);
    for (const Label& label : labels) builder.set(label.name, label.value);
    return storage.add(builder.build());
  };
  const auto floats = [](Columns& to, TimeMs step, auto value) {
    int n = 0;
    for (TimeMs t = 0; t <= kEnd; t += step, ++n) {
      to.t.push_back(t);
      to.v.push_back(value(n));
    }
  };
  const auto histograms = [](Columns& to, TimeMs step, auto value) {
    int n = 0;
    for (TimeMs t = 0; t <= kEnd; t += step, ++n) {
      to.histogram_t.push_back(t);
      to.histograms.push_back(value(n));
    }
  };
  for (const char* a : {"1", "2", "3"}) {
    const double base = a[0] - '0';
    floats(add("floats", {{"a", a}, {"b", "x"}}), 30'000, [&](int n) { return base * 10 + n % 7; });
  }
  floats(add("resets", {{"a", "1"}}), 15'000, [](int n) { return n % 11 * 2.5; });
  floats(add("resets", {{"a", "2"}}), 17'000, [](int n) { return n % 30; });
  const double odd[] = {0, -0.0, std::nan(""), kInf, -kInf, 1e300, -1e300, 5e-324, 1e16, 1, -1};
  floats(add("strange", {{"a", "1"}}), 30'000, [&](int n) { return odd[n % 11]; });
  floats(add("strange", {{"b", "x"}}), 30'000, [&](int n) { return odd[n * 3 % 11]; });
  floats(add("stale", {}), 20'000, [](int n) { return n % 5 == 4 ? stale_marker() : n; });
  floats(add("sparse", {{"a", "1"}}), 290'000, [](int n) { return n; });
  floats(add("constants", {{"a", "1"}, {"job", "j"}}), 60'000, [](int) { return 1; });
  for (const char* le : {"0.1", "1", "+Inf", "bad"}) {
    const int grow = le[0] == '1' ? 1 : le[0] == '+' ? 3 : 2;  // not monotonic
    floats(add("buckets", {{"le", le}}), 30'000, [&](int n) { return n * grow; });
  }
  histograms(add("native", {{"a", "1"}}), 30'000, [](int n) { return counted_histogram(1, n % 13); });
  histograms(add("native", {{"a", "2"}, {"b", "x"}}), 60'000, [](int n) { return counted_histogram(n % 3, n); });
  histograms(add("custom", {{"a", "1"}}), 30'000, [](int n) { return custom_histogram({1, 5}, n); });
  histograms(add("custom", {{"a", "2"}}), 30'000, [](int n) { return custom_histogram({1, 2, 5}, n % 9); });
  histograms(add("gauges", {{"a", "1"}}), 30'000, [](int n) {
    FloatHistogram h = counted_histogram(0, n % 4);
    h.counter_reset_hint = CounterResetHint::kGauge;
    return h;
  });
  Columns& mixed = add("mixed", {{"a", "1"}});
  for (int n = 0; n < 40; ++n) {
    if (n / 5 % 2 == 0) {
      mixed.t.push_back(n * 30'000);
      mixed.v.push_back(n);
    } else {
      mixed.histogram_t.push_back(n * 30'000);
      mixed.histograms.push_back(counted_histogram(1, n));
      if (n % 7 == 0) mixed.histograms.back().sum = stale_marker();
    }
  }
}

}  // namespace hearth::promql
