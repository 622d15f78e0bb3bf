#include "scraper/classic_histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/go_text.h"

namespace hearth {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMaxWhole = 9.2e18;
constexpr size_t kEmptyKept = 2;  // so many empty buckets in a row stay in integer histograms

bool whole(double count) { return std::abs(count) < kMaxWhole && count == std::round(count); }

std::string not_cumulative(double count, const char* relation, double other) {
  return fmt::format("count is not cumulative: {} {} {}", float_g(count), relation, float_g(other));
}

// Leaves out empty buckets but for runs of up to `kept` between others.
void set_buckets(const std::vector<double>& counts, size_t kept, FloatHistogram& out) {
  size_t skipped = 0;  // empty buckets since the last one that is in
  for (const double count : counts) {
    if (count == 0) {
      ++skipped;
      continue;
    }
    if (!out.positive_spans.empty() && skipped <= kept) {
      out.positive_buckets.resize(out.positive_buckets.size() + skipped);
      out.positive_spans.back().length += static_cast<uint32_t>(skipped + 1);
    } else {
      out.positive_spans.push_back({static_cast<int32_t>(skipped), 1});
    }
    out.positive_buckets.push_back(count);
    skipped = 0;
  }
}

}  // namespace

void ClassicHistogram::clear() {
  buckets_.clear();
  count_.reset();
  sum_ = 0;
  fault_.clear();
}

void ClassicHistogram::set_bucket(double bound, double count) {
  if (!fault_.empty()) return;
  if (std::isnan(bound)) {
    fault_ = "bucket boundary must not be NaN";
    return;
  }
  if (count < 0) {
    fault_ = fmt::format("bucket count must be non-negative: le={}, count={}", float_g(bound), float_g(count));
    return;
  }
  const auto after = std::lower_bound(buckets_.begin(), buckets_.end(), bound,
                                      [](const Bucket& bucket, double b) { return bucket.bound < b; });
  if (after != buckets_.end() && after->bound == bound) return;
  if (after != buckets_.begin() && count < (after - 1)->count) {
    fault_ = not_cumulative(count, "<", (after - 1)->count);
  } else if (after != buckets_.end() && count > after->count) {
    fault_ = not_cumulative(count, ">", after->count);
  } else {
    buckets_.insert(after, {bound, count});
  }
}

void ClassicHistogram::set_count(double count) {
  if (!fault_.empty()) return;
  if (count < 0) {
    fault_ = fmt::format("count must be non-negative: count={}", float_g(count));
    return;
  }
  count_ = count;
}

bool ClassicHistogram::integer() const {
  return whole(*count_) &&
         std::all_of(buckets_.begin(), buckets_.end(), [](const Bucket& b) { return whole(b.count); });
}

std::optional<FloatHistogram> ClassicHistogram::convert() {
  if (!fault_.empty()) return std::nullopt;
  if (!count_) {
    if (buckets_.empty()) {
      fault_ = "count must be provided when no buckets are present";
      return std::nullopt;
    }
    count_ = buckets_.back().count;
  }
  if (buckets_.empty() || buckets_.back().bound != kInfinity) buckets_.push_back({kInfinity, *count_});

  FloatHistogram histogram;
  histogram.integer = integer();
  histogram.schema = kCustomBucketsSchema;
  histogram.count = *count_;
  histogram.sum = sum_;
  std::vector<double> counts;
  double before = 0;
  for (const Bucket& bucket : buckets_) {
    counts.push_back(bucket.count - before);
    before = bucket.count;
    if (bucket.bound != kInfinity) histogram.custom_values.push_back(bucket.bound);
  }
  if (*count_ != before) {
    const auto text = [&](double count) {
      return histogram.integer ? fmt::format("{:.0f}", count) : float_g(count);
    };
    fault_ = fmt::format("count mismatch: count={} != le={} count={}", text(*count_),
                         float_g(buckets_.back().bound), float_g(before));
    return std::nullopt;
  }
  set_buckets(counts, histogram.integer ? kEmptyKept : 0, histogram);
  return histogram;
}

}  // namespace hearth
