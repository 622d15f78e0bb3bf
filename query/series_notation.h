// The notation of series in test files: up{job="x"} 1+2x3 _x4 stale {{schema:0 count:1}}x5.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/histogram.h"
#include "core/labels.h"

namespace hearth::promql {

// One point of a series; none where it was written `_`.
struct SeriesValue {
  bool omitted = false;
  double number = 0;
  std::optional<FloatHistogram> histogram;
  bool hint_given = false;          // counter_reset_hint stands in the text, so it is compared
  std::optional<DurationMs> start;  // when its counter began, as seen from the sample's time
};

struct SeriesDescription {
  Labels labels;
  std::vector<SeriesValue> values;
};

// Throws Error(kBadData) with Prometheus' text and position: "1:11: parse error: ...".
SeriesDescription parse_series(std::string_view line);

// Where the metric ends and its values begin.
size_t metric_end(std::string_view line);

// The values alone, as they stand after a metric.
std::vector<SeriesValue> parse_values(std::string_view text);

// Those of an @st line: -30s-1mx2 _ 0; none where `_` stands.
std::vector<std::optional<DurationMs>> parse_starts(std::string_view text);

// {{schema:1 count:3 sum:4.5 buckets:[1 2]}}: the histogram as it is written there.
std::string histogram_notation(const FloatHistogram& histogram);

}  // namespace hearth::promql
