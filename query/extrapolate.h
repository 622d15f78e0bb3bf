// rate, increase and delta: the increase between first and last sample of a window, stretched to
// its edges.
#pragma once

#include "query/window.h"

namespace hearth::promql {

// By how much the increase between the first and the last of `samples` samples in the window of a
// step is stretched to the window's edges. first_value: of a counter, below 0 for gauges.
// per_seconds: the seconds to divide by, 0 for none.
double extrapolation_factor(const Windows& windows, size_t step, TimeMs first_t, TimeMs last_t,
                            size_t samples, double first_value, double increase,
                            double per_seconds);

// Window kernels.
void rate(const Windows& windows, Rows& out, size_t row);
void increase(const Windows& windows, Rows& out, size_t row);
void delta(const Windows& windows, Rows& out, size_t row);

}  // namespace hearth::promql
