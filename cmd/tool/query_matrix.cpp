#include "cmd/tool/query_matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

constexpr int kLeastSchema = -4, kMostSchema = 8, kClosed = 3;

// The zero bucket reaches as far to both sides; the first custom one begins at -Inf.
bool is_zero_bucket(const ShownBucket& bucket) {
  return bucket.boundaries == kClosed && bucket.low == -bucket.high;
}

// Of the bucket's width: high / low is 2^(2^-schema). nullopt: it tells of none.
std::optional<double> schema_of(const ShownBucket& bucket) {
  const double a = std::fabs(bucket.low), b = std::fabs(bucket.high);
  const double inner = std::min(a, b), outer = std::max(a, b);
  if (!(inner > 0) || std::isinf(outer) || outer == std::numeric_limits<double>::max()) {
    return std::nullopt;
  }
  return -std::log2(std::log2(outer / inner));
}

bool has_exponential_width(const ShownBucket& bucket) {
  if (is_zero_bucket(bucket)) return true;
  if (std::isinf(bucket.low) || bucket.low * bucket.high < 0) return false;
  const std::optional<double> schema = schema_of(bucket);
  if (!schema) return bucket.low != 0 || bucket.high < 1e-300;
  return std::fabs(*schema - std::round(*schema)) < 1e-6 && *schema > kLeastSchema - 0.5 &&
         *schema < kMostSchema + 0.5;
}

void add_buckets(const std::map<int64_t, double>& counts, std::vector<HistogramSpan>& spans,
                 std::vector<double>& buckets) {
  int64_t next = 0;
  for (const auto& [index, count] : counts) {
    if (spans.empty() || index != next) {
      spans.push_back({static_cast<int32_t>(index - next), 0});
    }
    ++spans.back().length;
    buckets.push_back(count);
    next = index + 1;
  }
}

void rebuild_custom(const ShownHistogram& shown, std::span<const double> bounds,
                    FloatHistogram& out) {
  out.schema = kCustomBucketsSchema;
  out.custom_values.assign(bounds.begin(), bounds.end());
  std::map<int64_t, double> counts;
  for (const ShownBucket& bucket : shown.buckets) {
    counts[std::lower_bound(bounds.begin(), bounds.end(), bucket.high) - bounds.begin()] +=
        bucket.count;
  }
  add_buckets(counts, out.positive_spans, out.positive_buckets);
}

void rebuild_exponential(const ShownHistogram& shown, FloatHistogram& out) {
  for (const ShownBucket& bucket : shown.buckets) {
    const std::optional<double> schema = schema_of(bucket);
    if (is_zero_bucket(bucket) || !schema) continue;
    out.schema = static_cast<int32_t>(std::lround(*schema));
    break;
  }
  const double per_power = std::ldexp(1.0, out.schema);
  std::map<int64_t, double> positive, negative;
  for (const ShownBucket& bucket : shown.buckets) {
    if (is_zero_bucket(bucket)) {
      out.zero_threshold = bucket.high;
      out.zero_count = bucket.count;
      continue;
    }
    const double a = std::fabs(bucket.low), b = std::fabs(bucket.high);
    const double inner = std::min(a, b), outer = std::max(a, b);
    const double index = std::isinf(outer) || outer == std::numeric_limits<double>::max()
                             ? std::round(std::log2(inner) * per_power) + 1
                             : std::round(std::log2(outer) * per_power);
    if (!(std::fabs(index) < static_cast<double>(kMaxBucketIndex))) {
      throw Error(ErrorKind::kUnavailable, "a bucket of the answer has bounds that none can have");
    }
    (bucket.high > 0 ? positive : negative)[static_cast<int64_t>(index)] += bucket.count;
  }
  add_buckets(positive, out.positive_spans, out.positive_buckets);
  add_buckets(negative, out.negative_spans, out.negative_buckets);
}

double number(const nlohmann::json& text) {
  return parse_go_float(text.get<std::string>()).value_or(0);
}
TimeMs time_of(const nlohmann::json& sample) {
  return static_cast<TimeMs>(std::llround(sample.at(0).get<double>() * 1000));
}

ShownHistogram shown_histogram(const nlohmann::json& json) {
  ShownHistogram out{number(json.at("count")), number(json.at("sum")), {}};
  for (const nlohmann::json& bucket : json.value("buckets", nlohmann::json::array())) {
    out.buckets.push_back({bucket.at(0).get<int>(), number(bucket.at(1)), number(bucket.at(2)),
                           number(bucket.at(3))});
  }
  return out;
}

ShownSeries shown_series(const nlohmann::json& json) {
  ShownSeries out;
  LabelsBuilder labels;
  for (const auto& item : json.at("metric").items()) {
    labels.set(item.key(), item.value().get<std::string>());
  }
  out.labels = labels.build();
  for (const auto& sample : json.value("values", nlohmann::json::array())) {
    out.t.push_back(time_of(sample));
    out.v.push_back(number(sample.at(1)));
  }
  for (const auto& sample : json.value("histograms", nlohmann::json::array())) {
    out.histogram_t.push_back(time_of(sample));
    out.histograms.push_back(shown_histogram(sample.at(1)));
  }
  return out;
}

// All bounds of the series, where any of its buckets has a width of no schema.
std::vector<double> custom_bounds(std::span<const ShownHistogram> shown) {
  bool custom = false;
  std::set<double> bounds;
  for (const ShownHistogram& one : shown) {
    for (const ShownBucket& bucket : one.buckets) {
      custom = custom || !has_exponential_width(bucket);
      for (const double bound : {bucket.low, bucket.high}) {
        if (std::isfinite(bound)) bounds.insert(bound);
      }
    }
  }
  return custom ? std::vector<double>(bounds.begin(), bounds.end()) : std::vector<double>();
}

}  // namespace

std::optional<std::vector<ShownSeries>> read_matrix(std::string_view data) {
  try {
    const nlohmann::json json = nlohmann::json::parse(data);
    if (json.at("resultType").get<std::string>() != "matrix") return std::nullopt;
    std::vector<ShownSeries> out;
    for (const auto& series : json.at("result")) out.push_back(shown_series(series));
    return out;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kUnavailable,
                std::string("bad_response: unexpected answer: ") + error.what());
  }
}

Columns rebuilt_samples(const ShownSeries& series) {
  Columns out;
  out.t = series.t;
  out.v = series.v;
  out.histogram_t = series.histogram_t;
  const std::vector<double> bounds = custom_bounds(series.histograms);
  for (const ShownHistogram& shown : series.histograms) {
    FloatHistogram& histogram = out.histograms.emplace_back();
    histogram.count = shown.count;
    histogram.sum = shown.sum;
    if (bounds.empty()) {
      rebuild_exponential(shown, histogram);
    } else {
      rebuild_custom(shown, bounds, histogram);
    }
  }
  return out;
}

}  // namespace hearth
