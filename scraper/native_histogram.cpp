#include "scraper/native_histogram.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/histogram_check.h"
#include "core/histogram_math.h"

namespace hearth {
namespace {

constexpr int32_t kMinSchema = -4, kMaxSchema = 8;
constexpr int32_t kMaxReservedSchema = 52;  // finer than can be stored, but they can be made coarser

size_t bucket_count(const FloatHistogram& h) {
  return h.positive_buckets.size() + h.negative_buckets.size();
}

bool has_empty_buckets(const FloatHistogram& h) {
  const auto is_empty = [](double count) { return count == 0; };
  return std::any_of(h.positive_buckets.begin(), h.positive_buckets.end(), is_empty) ||
         std::any_of(h.negative_buckets.begin(), h.negative_buckets.end(), is_empty);
}

void check(FloatHistogram& h) {
  // Its buckets are judged as those of a histogram that can be stored.
  const int32_t schema = h.schema;
  const bool too_fine = schema > kMaxSchema && schema <= kMaxReservedSchema;
  if (too_fine) h.schema = kMaxSchema;
  const std::string fault = histogram_fault(h);
  h.schema = schema;
  if (!fault.empty()) throw Error(ErrorKind::kBadData, fault);
}

}  // namespace

HistogramOptions histogram_options(const ScrapeConfig& config) {
  return {config.scrape_native_histograms, config.always_scrape_classic_histograms,
          config.convert_classic_histograms_to_nhcb};
}

int32_t schema_of_factor(double factor) {
  if (!(factor > 1)) return kMaxSchema;
  const double schema = std::floor(-std::log2(std::log2(factor)));
  return static_cast<int32_t>(std::clamp(schema, double{kMinSchema}, double{kMaxSchema}));
}

bool fit_histogram(FloatHistogram& histogram, const ScrapeConfig& config) {
  check(histogram);
  const bool exponential = !uses_custom_buckets(histogram);
  if (exponential) {
    if (has_empty_buckets(histogram)) compact(histogram);
    const int32_t finest = schema_of_factor(config.native_histogram_min_bucket_factor);
    if (histogram.schema > finest) reduce_resolution(histogram, finest);
  }
  const uint64_t limit = config.native_histogram_bucket_limit;
  if (limit == 0) return true;
  while (bucket_count(histogram) > limit) {
    if (!exponential || histogram.schema <= kMinSchema) return false;
    reduce_resolution(histogram, histogram.schema - 1);
  }
  return true;
}

}  // namespace hearth
