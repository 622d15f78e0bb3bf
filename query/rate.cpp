// irate, idelta, deriv, predict_linear, changes, resets, smoothing. rate and its kin:
// extrapolate.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "query/extrapolate.h"
#include "query/kahan.h"
#include "query/range_histograms.h"
#include "query/start_times.h"
#include "query/window.h"

namespace hearth::promql {
namespace {

template <bool kPerSecond>
void last_two(const Windows& w, Rows& out, size_t row) {
  const auto& t = w.samples.t;
  const auto& v = w.samples.v;
  const StartTimes starts = float_starts(w.samples);
  for (size_t i = 0; i < w.steps(); ++i) {
    if (w.has_histograms() && !w.histograms.empty(i)) {
      histogram_last_two(w, i, kPerSecond, out, row);
      continue;
    }
    if (w.floats.size(i) < 2) continue;
    const uint32_t last = w.floats.end[i] - 1;
    const TimeMs interval = t[last] - t[last - 1];
    if (interval == 0) continue;
    double change = v[last];
    const bool reset = v[last] < v[last - 1] || (starts.any() && starts.reset_before(last));
    if (!kPerSecond || !reset) change -= v[last - 1];
    out[row][i] = kPerSecond ? change / (static_cast<double>(interval) / 1000) : change;
  }
}

struct Line {
  double slope, intercept;
};

// Least squares through the samples [begin, end); the intercept is at time `at`.
Line regression(const Columns& samples, uint32_t begin, uint32_t end, TimeMs at) {
  KahanSum x_sum, y_sum, xy_sum, x2_sum;
  const double first = samples.v[begin];
  bool constant = true;
  for (uint32_t i = begin; i < end; ++i) {
    const double x = static_cast<double>(samples.t[i] - at) / 1e3;
    const double y = samples.v[i];
    constant = constant && (i == begin || y == first);
    x_sum.add(x);
    y_sum.add(y);
    xy_sum.add(x * y);
    x2_sum.add(x * x);
  }
  if (constant) {
    if (std::isinf(first)) return {std::nan(""), std::nan("")};
    return {0, first};
  }
  const double n = end - begin;
  const double x = x_sum.sum + x_sum.lost, y = y_sum.sum + y_sum.lost;
  const double covariance = (xy_sum.sum + xy_sum.lost) - x * y / n;
  const double variance = (x2_sum.sum + x2_sum.lost) - x * x / n;
  const double slope = covariance / variance;
  return {slope, y / n - slope * x / n};
}

// Whether window i has the two floats that a trend needs; tells about histograms beside them.
bool has_trend(const Windows& w, size_t i) {
  if (!w.floats.empty(i) && !w.histograms.empty(i)) w.inform_histograms_ignored();
  w.look_through(i);
  return w.floats.size(i) >= 2;
}

void deriv(const Windows& w, Rows& out, size_t row) {
  for (size_t i = 0; i < w.steps(); ++i) {
    if (!has_trend(w, i)) continue;
    const uint32_t begin = w.floats.begin[i];
    out[row][i] = regression(w.samples, begin, w.floats.end[i], w.samples.t[begin]).slope;
  }
}

void predict_linear(const Windows& w, Rows& out, size_t row) {
  for (size_t i = 0; i < w.steps(); ++i) {
    if (!has_trend(w, i)) continue;
    const Line line =
        regression(w.samples, w.floats.begin[i], w.floats.end[i], w.instants.steps.at(i));
    out[row][i] = line.slope * w.scalars[0][i] + line.intercept;
  }
}

void double_exponential_smoothing(const Windows& w, Rows& out, size_t row) {
  for (size_t i = 0; i < w.steps(); ++i) {
    if (w.empty(i)) continue;
    const double smoothing = w.scalars[0][i], trend = w.scalars[1][i];
    if (smoothing <= 0 || smoothing >= 1) {
      throw Error(
          ErrorKind::kExecution,
          fmt::format("invalid smoothing factor. Expected: 0 < sf < 1, got: {:f}", smoothing));
    }
    if (trend <= 0 || trend >= 1) {
      throw Error(ErrorKind::kExecution,
                  fmt::format("invalid trend factor. Expected: 0 < tf < 1, got: {:f}", trend));
    }
    if (!has_trend(w, i)) continue;
    const double* v = w.samples.v.data() + w.floats.begin[i];
    double before = 0, level = v[0], slope = v[1] - v[0];
    for (size_t k = 1; k < w.floats.size(i); ++k) {
      if (k > 1) slope = trend * (level - before) + (1 - trend) * slope;
      const double next = smoothing * v[k] + (1 - smoothing) * (level + slope);
      before = level;
      level = next;
    }
    out[row][i] = level;
  }
}

// Counts neighbours inside each window that differ: differs(i) says so of floats i - 1 and i,
// histograms_differ(i) of histograms; a histogram beside a float differs from it always.
template <class Differs, class HistogramsDiffer>
void count_neighbours(const Windows& w, Rows& out, size_t row, Differs differs,
                      HistogramsDiffer histograms_differ) {
  const auto& v = w.samples.v;
  if (!w.has_histograms()) {
    static thread_local std::vector<uint32_t> before;  // [i]: neighbours up to sample i that differ
    before.assign(v.size(), 0);
    for (size_t i = 1; i < v.size(); ++i) before[i] = before[i - 1] + differs(i);
    for (size_t i = 0; i < w.steps(); ++i) {
      if (w.floats.empty(i)) continue;
      out[row][i] = before[w.floats.end[i] - 1] - before[w.floats.begin[i]];
    }
    return;
  }
  const auto& t = w.samples.t;
  const auto& ht = w.samples.histogram_t;
  for (size_t i = 0; i < w.steps(); ++i) {
    if (w.empty(i)) continue;
    w.look_through(i);
    double count = 0;
    bool first = true, older_is_float = false;
    const auto edges = [i](const WindowBounds& bounds) {
      return bounds.none ? std::pair(0u, 0u) : std::pair(bounds.begin[i], bounds.end[i]);
    };
    auto [f, f_end] = edges(w.floats);
    auto [k, k_end] = edges(w.histograms);
    while (f < f_end || k < k_end) {
      const bool take_float = k == k_end || (f < f_end && t[f] < ht[k]);
      if (!first) {
        const bool mixed = take_float != older_is_float;
        count += mixed || (take_float ? differs(f) : histograms_differ(k));
      }
      first = false;
      older_is_float = take_float;
      take_float ? ++f : ++k;
    }
    out[row][i] = count;
  }
}

void changes(const Windows& w, Rows& out, size_t row) {
  const double* v = w.samples.v.data();
  const auto& h = w.samples.histograms;
  count_neighbours(
      w, out, row,
      [v](size_t i) { return v[i] != v[i - 1] && !(std::isnan(v[i]) && std::isnan(v[i - 1])); },
      [&h](size_t i) { return histograms_changed(h[i - 1], h[i]); });
}

void resets(const Windows& w, Rows& out, size_t row) {
  const double* v = w.samples.v.data();
  const auto& h = w.samples.histograms;
  const StartTimes starts = float_starts(w.samples), h_starts = histogram_starts(w.samples);
  const auto histograms_differ = [&](size_t i) {
    return (h_starts.any() && h_starts.reset_before(i)) || histograms_reset(h[i - 1], h[i]);
  };
  if (starts.any()) {
    count_neighbours(
        w, out, row, [&](size_t i) { return v[i] < v[i - 1] || starts.reset_before(i); },
        histograms_differ);
  } else {
    count_neighbours(
        w, out, row, [v](size_t i) { return v[i] < v[i - 1]; }, histograms_differ);
  }
}

constexpr RangeFunction kFunctions[] = {
    {"rate", rate, false, true},
    {"increase", increase, false, true},
    {"delta", delta},
    {"irate", last_two<true>},
    {"idelta", last_two<false>},
    {"deriv", deriv},
    {"predict_linear", predict_linear},
    {"double_exponential_smoothing", double_exponential_smoothing},
    {"changes", changes, false, false, true},
    {"resets", resets, false, false, true},
};

}  // namespace

const RangeFunction* find_rate_function(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                   [&](const RangeFunction& f) { return f.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

}  // namespace hearth::promql
