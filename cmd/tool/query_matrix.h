// The samples of a range query's answer as the API shows them, and native histograms built anew
// from the buckets that are shown.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/labels.h"
#include "core/storage.h"

namespace hearth {

struct ShownBucket {
  int boundaries = 0;  // 0: (low, high], 1: [low, high), 2: open, 3: closed
  double low = 0, high = 0, count = 0;
};
struct ShownHistogram {
  double count = 0, sum = 0;
  std::vector<ShownBucket> buckets;
};
struct ShownSeries {
  Labels labels;
  std::vector<TimeMs> t, histogram_t;
  std::vector<double> v;
  std::vector<ShownHistogram> histograms;
};

// `data` of query_range; nullopt where it is no matrix. Throws Error(kUnavailable) for what is none
// of the API.
std::optional<std::vector<ShownSeries>> read_matrix(std::string_view data);

// As they were stored, or nearly so: the schema of a histogram is that of its buckets' widths;
// widths that fit none are custom bounds, which all histograms of the series share. Empty buckets
// and hints of counter resets are not in the answer. Throws Error(kUnavailable) for bounds that
// none can have.
Columns rebuilt_samples(const ShownSeries& series);

}  // namespace hearth
