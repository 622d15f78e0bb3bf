// What functions over time make of native histograms.
#pragma once

#include "query/window.h"

namespace hearth::promql {

// rate, increase, delta over the histograms of window `step`.
void histogram_rate(const Windows& windows, size_t step, bool counter, bool per_second, Rows& out,
                    size_t row);
// irate, idelta over a window with at least one histogram.
void histogram_last_two(const Windows& windows, size_t step, bool per_second, Rows& out,
                        size_t row);

bool histograms_changed(const FloatHistogram& older, const FloatHistogram& newer);
bool histograms_reset(const FloatHistogram& older, const FloatHistogram& newer);

// sum_over_time, avg_over_time over a window of histograms only.
void histogram_sum_over_time(const Windows& windows, size_t step, Rows& out, size_t row);
void histogram_avg_over_time(const Windows& windows, size_t step, Rows& out, size_t row);

}  // namespace hearth::promql
