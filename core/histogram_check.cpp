#include "core/histogram_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "core/go_text.h"

namespace hearth {
namespace {

constexpr int32_t kMinSchema = -4, kMaxSchema = 8;

// As Go prints the number in question, which is an integer in integer histograms.
std::string count_text(double count, bool integer) {
  return integer ? fmt::format("{:.0f}", count) : float_g(count);
}

std::string spans_fault(std::span<const HistogramSpan> spans, size_t buckets,
                        bool may_begin_below_zero) {
  uint64_t needed = 0;
  int64_t end = 0;
  size_t beyond = spans.size();  // first span that is
  for (size_t i = 0; i < spans.size(); ++i) {
    if (spans[i].offset < 0 && !(i == 0 && may_begin_below_zero)) {
      return fmt::format(
          "span number {} with offset {}: histogram has a span whose offset is "
          "negative",
          i + 1, spans[i].offset);
    }
    needed += spans[i].length;
    end += int64_t{spans[i].offset} + spans[i].length;
    if (end > kMaxBucketIndex || spans[i].offset < -kMaxBucketIndex) beyond = std::min(beyond, i);
  }
  if (needed != buckets) {
    return fmt::format(
        "spans need {} buckets, have {} buckets: histogram spans specify different "
        "number of buckets than provided",
        needed, buckets);
  }
  if (beyond == spans.size()) return "";
  return fmt::format("span number {} with offset {}: histogram has a bucket beyond all numbers",
                     beyond + 1, spans[beyond].offset);
}

std::string buckets_fault(std::span<const double> buckets, bool integer) {
  for (size_t i = 0; i < buckets.size(); ++i) {
    if (!(buckets[i] < 0)) continue;
    return fmt::format(
        "bucket number {} has observation count of {}: histogram has a bucket whose "
        "observation count is negative",
        i + 1, count_text(buckets[i], integer));
  }
  return "";
}

std::string bounds_fault(const FloatHistogram& h) {
  const std::span<const double> bounds = h.custom_values;
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (std::isnan(bounds[i])) return "histogram custom bounds must not be NaN";
    if (i > 0 && bounds[i] <= bounds[i - 1]) {
      return fmt::format(
          "previous bound is {:f} and current is {:f}: histogram custom bounds must "
          "be in strictly increasing order",
          bounds[i - 1], bounds[i]);
    }
  }
  if (!bounds.empty() && bounds.back() == std::numeric_limits<double>::infinity()) {
    return "last +Inf bound must not be explicitly defined: histogram custom bounds must be finite";
  }
  std::string fault = spans_fault(h.positive_spans, h.positive_buckets.size(), false);
  if (!fault.empty()) return fault;
  uint64_t covered = 0;
  for (const HistogramSpan& span : h.positive_spans) {
    covered += uint64_t{span.length} + static_cast<uint64_t>(span.offset);
  }
  if (bounds.size() + 1 >= covered) return "";
  return fmt::format(
      "only {} custom bounds defined which is insufficient to cover total span "
      "length of {}: histogram custom bounds are too few",
      bounds.size(), covered);
}

std::string custom_fault(const FloatHistogram& h) {
  const std::string fault = bounds_fault(h);
  if (!fault.empty()) return "custom buckets: " + fault;
  if (h.zero_count != 0) return "custom buckets: must have zero count of 0";
  if (h.zero_threshold != 0) return "custom buckets: must have zero threshold of 0";
  if (!h.negative_spans.empty()) return "custom buckets: must not have negative spans";
  if (!h.negative_buckets.empty()) return "custom buckets: must not have negative buckets";
  return "";
}

std::string exponential_fault(const FloatHistogram& h) {
  std::string fault = spans_fault(h.positive_spans, h.positive_buckets.size(), true);
  if (!fault.empty()) return "positive side: " + fault;
  fault = spans_fault(h.negative_spans, h.negative_buckets.size(), true);
  if (fault.empty()) fault = buckets_fault(h.negative_buckets, h.integer);
  if (!fault.empty()) return "negative side: " + fault;
  if (h.zero_count < 0) {
    return fmt::format(
        "zero bucket has observation count of {}: histogram has a bucket whose "
        "observation count is negative",
        count_text(h.zero_count, h.integer));
  }
  if (!h.custom_values.empty())
    return "histogram with exponential schema must not have custom bounds";
  return "";
}

// Observations of NaN are counted, and make the sum NaN, but are in no bucket.
std::string sum_fault(const FloatHistogram& h) {
  double in_buckets = h.zero_count;
  for (const double count : h.positive_buckets) in_buckets += count;
  for (const double count : h.negative_buckets) in_buckets += count;
  const bool has_nan = std::isnan(h.sum);
  if (has_nan ? in_buckets <= h.count : in_buckets == h.count) return "";
  return fmt::format(
      "{} observations found in buckets, but the Count field is {}: histogram's observation count "
      "should {} the number of observations found in the buckets{}",
      count_text(in_buckets, true), count_text(h.count, true), has_nan ? "be at least" : "equal",
      has_nan ? "" : " (in absence of NaN)");
}

}  // namespace

std::string histogram_fault(const FloatHistogram& h) {
  std::string fault;
  if (h.schema == kCustomBucketsSchema) {
    fault = custom_fault(h);
  } else if (h.schema >= kMinSchema && h.schema <= kMaxSchema) {
    fault = exponential_fault(h);
  } else {
    return fmt::format(
        "histogram has an invalid schema, which must be between {} and {} for "
        "exponential buckets, or {} for custom buckets, got schema {}",
        kMinSchema, kMaxSchema, kCustomBucketsSchema, h.schema);
  }
  if (!fault.empty()) return fault;
  if (h.count < 0) {  // two spaces: as Prometheus prints it
    return fmt::format("observation count is  {}: histogram's observation count is negative",
                       count_text(h.count, h.integer));
  }
  fault = buckets_fault(h.positive_buckets, h.integer);
  if (!fault.empty()) return "positive side: " + fault;
  return h.integer ? sum_fault(h) : "";
}

}  // namespace hearth
