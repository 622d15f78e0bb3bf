// rate, increase, delta, irate, idelta, deriv, predict_linear, changes, resets, smoothing.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "query/interpolate.h"
#include "query/kahan.h"
#include "query/range_histograms.h"
#include "query/start_times.h"
#include "query/window.h"

namespace hearth::promql {
namespace {

// Almost always none of so many values is less than the one before.
constexpr uint32_t kAtOnce = 32;

bool any_falls_anywhere(const double* v) {
  bool any = false;
  for (uint32_t i = 0; i < kAtOnce; ++i) any |= v[i] < v[std::ptrdiff_t{i} - 1];
  return any;
}

#if defined(__x86_64__)
// The same, four values at a time.
__attribute__((target("avx2"))) bool any_falls_avx2(const double* v) {
  int any = 0;
  for (uint32_t i = 0; i < kAtOnce; ++i) any |= v[i] < v[std::ptrdiff_t{i} - 1] ? 1 : 0;
  return any != 0;
}

// Of the values [v, v + kAtOnce), and the one before them.
bool any_falls(const double* v) {
  static const bool wide = __builtin_cpu_supports("avx2");
  return wide ? any_falls_avx2(v) : any_falls_anywhere(v);
}
#else
bool any_falls(const double* v) { return any_falls_anywhere(v); }
#endif

// Sums of what counter resets lost, over windows that slide: the resets of a series are found once.
class Resets {
 public:
  // The samples must outlive it.
  explicit Resets(const Columns& samples) : v_(samples.v.data()) {
    const StartTimes starts = float_starts(samples);
    const bool started = starts.any();
    const auto count = static_cast<uint32_t>(samples.v.size());
    uint32_t next = 1;
    for (; !started && next + kAtOnce <= count; next += kAtOnce) {
      if (any_falls(v_ + next)) find(next, next + kAtOnce, starts);
    }
    find(next, count, starts);
  }
  // Adds to `increase` the value before each reset inside [begin, end), in their order.
  double correct(double increase, uint32_t begin, uint32_t end) {
    while (first_ < at_.size() && at_[first_] <= begin) ++first_;
    for (size_t i = first_; i < at_.size() && at_[i] < end; ++i) increase += v_[at_[i] - 1];
    return increase;
  }

 private:
  void find(uint32_t begin, uint32_t end, const StartTimes& starts) {
    const bool started = starts.any();
    for (uint32_t i = begin; i < end; ++i) {
      if (v_[i] < v_[i - 1] || (started && starts.reset_before(i))) at_.push_back(i);
    }
  }
  const double* v_;
  std::vector<uint32_t> at_;
  size_t first_ = 0;
};

// The factors by which increases are stretched. They depend on where the samples lie in their
// window, and mostly they lie in one as in the one before.
class Stretching {
 public:
  // per_seconds as extrapolation_factor() has it.
  Stretching(const Windows& w, double per_seconds) : w_(w), per_seconds_(per_seconds) {}
  // Of the samples [begin, end) in the window of step i.
  double factor(size_t i, uint32_t begin, uint32_t end, double first_value, double increase) {
    const TimeMs first_t = w_.samples.t[begin], last_t = w_.samples.t[end - 1];
    const TimeMs at = w_.instants.at(i);
    // Zero is then further away than the first two samples are from each other: it does not matter.
    const bool zero_is_far =
        !(increase > 0 && first_value >= 0) || (first_value >= increase && end - begin > 2);
    const bool same = at - first_t == to_first_ && at - last_t == to_last_ && end - begin == count_;
    if (zero_is_far && same) return factor_;
    const double factor = extrapolation_factor(w_, i, first_t, last_t, end - begin, first_value,
                                               increase, per_seconds_);
    if (zero_is_far) {
      to_first_ = at - first_t;
      to_last_ = at - last_t;
      count_ = end - begin;
      factor_ = factor;
    }
    return factor;
  }

 private:
  const Windows& w_;
  const double per_seconds_;
  DurationMs to_first_ = 0, to_last_ = 0;
  uint32_t count_ = 0;  // none yet
  double factor_ = 0;
};

// The increase between first and last sample, stretched to the window's edges where samples come
// close to them, but no further than a counter's zero.
template <bool kCounter, bool kPerSecond>
void extrapolated(const Windows& w, Rows& out, size_t row) {
  if (w.modifier != SelectorModifier::kNone) {
    extended_increase(w, kCounter, kPerSecond, out, row);
    return;
  }
  const double* v = w.samples.v.data();
  double* cells = out[row];
  Resets resets(w.samples);
  const StartTimes starts = float_starts(w.samples);
  const bool started = kCounter && starts.any();
  const double range_seconds = static_cast<double>(w.range) / 1000;
  Stretching stretching(w, kPerSecond ? range_seconds : 0);
  for (size_t i = 0; i < w.steps(); ++i) {
    if (w.has_histograms() && !w.histograms.empty(i)) {
      if (w.mixed(i)) {
        w.warn_mixed();
      } else {
        histogram_rate(w, i, kCounter, kPerSecond, out, row);
      }
      continue;
    }
    if (w.floats.size(i) < (started ? 1 : 2)) continue;
    const uint32_t begin = w.floats.begin[i], end = w.floats.end[i];
    const double first = v[begin];
    double increase = v[end - 1] - first;
    if (kCounter) increase = resets.correct(increase, begin, end);
    if (started) {
      warn_overlap(w, starts, begin, end);
      if (begins_inside(w, i, starts, begin)) {
        cells[i] = (increase + first) *
                   factor_from_start(w, i, starts, begin, end, kPerSecond ? range_seconds : 0);
        continue;
      }
      if (end - begin < 2) continue;
    }
    cells[i] = increase * stretching.factor(i, begin, end, kCounter ? first : -1, increase);
  }
}

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
    {"rate", extrapolated<true, true>, false, true},
    {"increase", extrapolated<true, false>, false, true},
    {"delta", extrapolated<false, false>},
    {"irate", last_two<true>},
    {"idelta", last_two<false>},
    {"deriv", deriv},
    {"predict_linear", predict_linear},
    {"double_exponential_smoothing", double_exponential_smoothing},
    {"changes", changes, false, false, true},
    {"resets", resets, false, false, true},
};

}  // namespace

double extrapolation_factor(const Windows& w, size_t step, TimeMs first_t, TimeMs last_t,
                            size_t samples, double first_value, double increase,
                            double per_seconds) {
  const TimeMs window_end = w.instants.at(step);
  double to_start = static_cast<double>(first_t - (window_end - w.range)) / 1000;
  double to_end = static_cast<double>(window_end - last_t) / 1000;
  const double sampled = static_cast<double>(last_t - first_t) / 1000;
  const double between = sampled / static_cast<double>(samples - 1);
  const double threshold = between * 1.1;
  if (to_start >= threshold) to_start = between / 2;
  if (increase > 0 && first_value >= 0) {
    const double to_zero = sampled * (first_value / increase);
    if (to_zero < to_start) to_start = to_zero;
  }
  if (to_end >= threshold) to_end = between / 2;
  double factor = sampled == 0 ? 1 : (sampled + to_start + to_end) / sampled;
  if (per_seconds != 0) factor /= per_seconds;
  return factor;
}

const RangeFunction* find_rate_function(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                   [&](const RangeFunction& f) { return f.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

}  // namespace hearth::promql
