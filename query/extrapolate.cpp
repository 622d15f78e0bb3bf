#include "query/extrapolate.h"

#include "query/full_windows.h"
#include "query/interpolate.h"
#include "query/range_histograms.h"
#include "query/start_times.h"

namespace hearth::promql {

namespace {

// How far the samples of a window reach, and how far it reaches beyond them, in seconds.
struct Reach {
  double sampled, to_start, to_end;

  Reach(double of_samples, double before, double after)
      : sampled(of_samples), to_start(before), to_end(after) {}
  Reach(const Windows& w, size_t step, TimeMs first_t, TimeMs last_t, size_t samples) {
    const TimeMs window_end = w.instants.at(step);
    to_start = static_cast<double>(first_t - (window_end - w.range)) / 1000;
    to_end = static_cast<double>(window_end - last_t) / 1000;
    sampled = static_cast<double>(last_t - first_t) / 1000;
    const double between = sampled / static_cast<double>(samples - 1);
    const double threshold = between * 1.1;
    if (to_start >= threshold) to_start = between / 2;
    if (to_end >= threshold) to_end = between / 2;
  }
};

// The factor of a window, as extrapolation_factor() has it.
double stretch(const Reach& reach, double first_value, double increase, double per_seconds) {
  double to_start = reach.to_start;
  if (increase > 0 && first_value >= 0) {
    const double to_zero = reach.sampled * (first_value / increase);
    if (to_zero < to_start) to_start = to_zero;
  }
  double factor =
      reach.sampled == 0 ? 1 : (reach.sampled + to_start + reach.to_end) / reach.sampled;
  if (per_seconds != 0) factor /= per_seconds;
  return factor;
}

// The falls of a counter's values, and where its start times say that it began anew.
Falls falls_of(const Columns& samples) {
  const StartTimes starts = float_starts(samples);
  if (!starts.any()) return Falls(samples.v);
  std::vector<uint32_t> at;
  for (uint32_t i = 1; i < samples.v.size(); ++i) {
    if (samples.v[i] < samples.v[i - 1] || starts.reset_before(i)) at.push_back(i);
  }
  return {samples.v, std::move(at)};
}

// What all windows of a series have in common with those of others that have their samples at the
// same times. One thread.
class Stretching {
 public:
  static constexpr size_t kAtOnce = 8;

  // Until the next call of this thread.
  static const Stretching& of(const Windows& w, double per_seconds) {
    static thread_local Stretching kept;
    if (kept.version_ != w.floats.version || kept.per_seconds_ != per_seconds) {
      kept.find(w, per_seconds);
    }
    return kept;
  }
  double factor(size_t i, double first_value, double increase) const {
    const Reach reach{reaches_.sampled[i], reaches_.to_start[i], reaches_.to_end[i]};
    return stretch(reach, first_value, increase, per_seconds_);
  }
  const Reaches& reaches() const { return reaches_; }
  // How many windows from i on, a multiple of kAtOnce, have more than two samples: then zero is far
  // away where the first sample is no less than the increase.
  size_t full(size_t i) const {
    size_t end = i / kAtOnce;
    while (full_[end] != 0) ++end;
    return end * kAtOnce - i;
  }

 private:
  void find(const Windows& w, double per_seconds) {
    version_ = w.floats.version;
    per_seconds_ = per_seconds;
    const size_t steps = w.steps();
    for (auto* column :
         {&reaches_.sampled, &reaches_.to_start, &reaches_.to_end, &reaches_.plain}) {
      column->resize(steps);
    }
    full_.assign(steps / kAtOnce + 1, 1);
    full_.back() = 0;
    const TimeMs* t = w.samples.t.data();
    DurationMs before = 0, after = 0;  // between the samples and the edges of the window
    size_t of = 0;                     // how many samples
    for (size_t i = 0; i < steps; ++i) {
      const size_t size = w.floats.size(i);
      if (size <= 2) full_[i / kAtOnce] = 0;
      if (size < 2) {
        of = 0;
        continue;
      }
      const TimeMs first = t[w.floats.begin[i]], last = t[w.floats.end[i] - 1];
      const TimeMs at = w.instants.at(i);
      if (size == of && at - first == before && at - last == after) {
        put(i, {reaches_.sampled[i - 1], reaches_.to_start[i - 1], reaches_.to_end[i - 1]},
            reaches_.plain[i - 1]);
        continue;
      }
      of = size;
      before = at - first;
      after = at - last;
      const Reach reach(w, i, first, last, size);
      put(i, reach, stretch(reach, -1, 0, per_seconds));
    }
  }
  void put(size_t i, const Reach& reach, double plain) {
    reaches_.sampled[i] = reach.sampled;
    reaches_.to_start[i] = reach.to_start;
    reaches_.to_end[i] = reach.to_end;
    reaches_.plain[i] = plain;
  }

  uint64_t version_ = 0;
  double per_seconds_ = 0;
  Reaches reaches_;  // undefined where there are less than two samples
  std::vector<uint8_t> full_;
};

// The increase between first and last sample, stretched to the window's edges where samples come
// close to them, but no further than a counter's zero.
template <bool kCounter, bool kPerSecond>
class Extrapolation {
 public:
  Extrapolation(const Windows& w, Rows& out, size_t row)
      : w_(w),
        out_(out),
        row_(row),
        falls_(kCounter ? falls_of(w.samples) : Falls(w.samples.v, {})),
        starts_(float_starts(w.samples)),
        started_(kCounter && starts_.any()),
        stretching_(Stretching::of(w, per_seconds())) {}

  void windows() {
    const bool floats_only = !w_.has_histograms() && !started_;
    if (kCounter && floats_only) falls_.count_if_many();
    for (size_t i = 0; i < w_.steps();) {
      const size_t full = floats_only && i % Stretching::kAtOnce == 0 ? stretching_.full(i) : 0;
      if (full > 0) {
        full_windows(i, full);
        i += full;
      } else {
        window(i++);
      }
    }
  }

 private:
  double per_seconds() const { return kPerSecond ? static_cast<double>(w_.range) / 1000 : 0; }

  void full_windows(size_t first, size_t count) {
    const FullWindows full{w_.samples.v.data(),
                           w_.floats.begin.data(),
                           w_.floats.end.data(),
                           stretching_.reaches(),
                           first,
                           count,
                           kPerSecond ? per_seconds() : 1,
                           out_[row_]};
    if (kCounter) {
      extrapolate_counter(full, falls_);
    } else {
      extrapolate_gauge(full);
    }
  }

  void window(size_t i) {
    double& cell = out_[row_][i];
    cell = absent();
    if (w_.has_histograms() && !w_.histograms.empty(i)) {
      if (w_.mixed(i)) {
        w_.warn_mixed();
      } else {
        histogram_rate(w_, i, kCounter, kPerSecond, out_, row_);
      }
      return;
    }
    if (w_.floats.size(i) < (started_ ? 1 : 2)) return;
    const double* v = w_.samples.v.data();
    const uint32_t begin = w_.floats.begin[i], end = w_.floats.end[i];
    const double first = v[begin];
    double increase = v[end - 1] - first;
    if (kCounter) increase = falls_.correct(increase, begin, end);
    if (started_) {
      warn_overlap(w_, starts_, begin, end);
      if (begins_inside(w_, i, starts_, begin)) {
        cell = (increase + first) * factor_from_start(w_, i, starts_, begin, end, per_seconds());
        return;
      }
      if (end - begin < 2) return;
    }
    cell = increase * stretching_.factor(i, kCounter ? first : -1, increase);
  }

  const Windows& w_;
  Rows& out_;
  const size_t row_;
  Falls falls_;
  const StartTimes starts_;
  const bool started_;
  const Stretching& stretching_;
};

template <bool kCounter, bool kPerSecond>
void extrapolated(const Windows& w, Rows& out, size_t row) {
  if (w.modifier != SelectorModifier::kNone) {
    extended_increase(w, kCounter, kPerSecond, out, row);
  } else {
    Extrapolation<kCounter, kPerSecond>(w, out, row).windows();
  }
}

}  // namespace

double extrapolation_factor(const Windows& w, size_t step, TimeMs first_t, TimeMs last_t,
                            size_t samples, double first_value, double increase,
                            double per_seconds) {
  return stretch(Reach(w, step, first_t, last_t, samples), first_value, increase, per_seconds);
}

void rate(const Windows& w, Rows& out, size_t row) { extrapolated<true, true>(w, out, row); }
void increase(const Windows& w, Rows& out, size_t row) { extrapolated<true, false>(w, out, row); }
void delta(const Windows& w, Rows& out, size_t row) { extrapolated<false, false>(w, out, row); }

}  // namespace hearth::promql
