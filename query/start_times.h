// What the times at which counters began to count tell: resets that no value shows, and where a
// counter was zero.
#pragma once

#include <vector>

#include "query/window.h"

namespace hearth::promql {

// One kind of the samples of a series. Lives as long as they do.
struct StartTimes {
  const std::vector<TimeMs>& t;
  const std::vector<TimeMs>& start;  // 0: unknown; empty where no sample has one
  bool any() const { return !start.empty(); }
  // Whether the counter began anew between sample i - 1 and sample i. Requires: any().
  bool reset_before(size_t i) const;
};
inline StartTimes float_starts(const Columns& c) { return {c.t, c.start_t}; }
inline StartTimes histogram_starts(const Columns& c) {
  return {c.histogram_t, c.histogram_start_t};
}

// Warns, once for the samples [begin, end), where one began before the one before it was taken.
void warn_overlap(const Windows& windows, StartTimes times, size_t begin, size_t end);

// Whether the counter of the sample `first` began inside window `step`: there it was zero.
bool begins_inside(const Windows& windows, size_t step, StartTimes times, size_t first);

// As extrapolation_factor, for a window at whose first sample's start the counter was zero; the
// increase is counted from there.
double factor_from_start(const Windows& windows, size_t step, StartTimes times, size_t begin,
                         size_t end, double per_seconds);

}  // namespace hearth::promql
