// Values between samples, for `smoothed` selectors, and increases over windows that reach beyond
// their range.
#pragma once

#include <optional>

#include "query/window.h"

namespace hearth::promql {

// The value at `t` on the line from (t1, v1) to (t2, v2); a counter that fell began anew at zero.
double interpolate(TimeMs t1, double v1, TimeMs t2, double v2, TimeMs t, bool counter);

// nullopt where the kinds of buckets do not go together.
std::optional<FloatHistogram> interpolate(Context& context, PosRange pos, TimeMs t1,
                                          const FloatHistogram& h1, TimeMs t2,
                                          const FloatHistogram& h2, TimeMs t, bool counter);

// rate, increase, delta of anchored and smoothed ranges.
void extended_increase(const Windows& windows, bool counter, bool per_second, Rows& out,
                       size_t row);

}  // namespace hearth::promql
