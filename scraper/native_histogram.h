// What a job allows of native histograms: how fine they may be, and how many buckets they may have.
#pragma once

#include <cstdint>

#include "config/config.h"
#include "core/histogram.h"

namespace hearth {

// Which histograms a target gives: as its job says, or its labels.
struct HistogramOptions {
  bool native = false;          // scrape_native_histograms: else only their classic buckets are seen
  bool keep_classic = false;    // always_scrape_classic_histograms: classic series beside what replaces them
  bool convert_classic = false;  // convert_classic_histograms_to_nhcb: custom buckets replace them
  bool operator==(const HistogramOptions&) const = default;
};
HistogramOptions histogram_options(const ScrapeConfig& config);

// The finest schema whose buckets grow by `factor` at least each; the finest there is for 1 and less.
int32_t schema_of_factor(double factor);

// Leaves out empty exponential buckets, and lowers the resolution until the histogram is as coarse as native_histogram_min_bucket_factor wants and
// has no more buckets than native_histogram_bucket_limit. False where no resolution is low enough. Throws
// Error(kBadData) in Prometheus' words for what is no histogram.
bool fit_histogram(FloatHistogram& histogram, const ScrapeConfig& config);

}  // namespace hearth
