#include "query/start_times.h"

#include "core/go_text.h"

namespace hearth::promql {

bool StartTimes::reset_before(size_t i) const {
  const TimeMs began = start[i], before = t[i - 1], before_began = start[i - 1];
  const bool known = began != 0 && began < t[i];
  if (!known || began < before) return false;
  if (began > before) return true;
  // From sample to sample: so count deltas, whose starts are all known, and counters of which
  // nothing was known before.
  return before_began != 0 && before_began < before;
}

void warn_overlap(const Windows& w, StartTimes times, size_t begin, size_t end) {
  for (size_t i = begin + 1; i < end; ++i) {
    const TimeMs began = times.start[i];
    if (began == 0 || began >= times.t[i - 1] || began == times.start[i - 1]) continue;
    w.context.annotations.warn(
        "sample has start time that overlaps with previous sample timestamp for metric " +
            go_quote(w.labels.metric_name()),
        w.pos);
    return;
  }
}

bool begins_inside(const Windows& w, size_t step, StartTimes times, size_t first) {
  const TimeMs began = times.start[first];
  return began != 0 && began < times.t[first] &&
         began > subtract_time(w.instants.at(step), w.range);
}

double factor_from_start(const Windows& w, size_t step, StartTimes times, size_t begin, size_t end,
                         double per_seconds) {
  const TimeMs last_t = times.t[end - 1];
  const double counted = static_cast<double>(last_t - times.start[begin]) / 1000;
  const double sampled = static_cast<double>(last_t - times.t[begin]) / 1000;
  const double between = end - begin > 1 ? sampled / static_cast<double>(end - begin - 1) : 0;
  double to_end = static_cast<double>(w.instants.at(step) - last_t) / 1000;
  if (to_end >= between * 1.1) to_end = between / 2;
  const double factor = (counted + to_end) / counted;
  return per_seconds == 0 ? factor : factor / per_seconds;
}

}  // namespace hearth::promql
