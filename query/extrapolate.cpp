#include "query/extrapolate.h"

#include "query/interpolate.h"
#include "query/range_histograms.h"
#include "query/scan.h"
#include "query/start_times.h"

namespace hearth::promql {

namespace {

// How far the samples of a window reach, and how far it reaches beyond them, in seconds.
struct Reach {
  double sampled, to_start, to_end;

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

// Sums of what counter resets lost, over windows that slide: the resets of a series are found once.
// Windows are asked for in their order.
class Resets {
 public:
  // The samples must outlive it.
  explicit Resets(const Columns& samples) : v_(samples.v.data()) {
    const StartTimes starts = float_starts(samples);
    if (!starts.any()) {
      find_falls(v_, samples.v.size(), at_);
      return;
    }
    for (uint32_t i = 1; i < samples.v.size(); ++i) {
      if (v_[i] < v_[i - 1] || starts.reset_before(i)) at_.push_back(i);
    }
  }
  // Whether there is one inside [begin, end).
  bool any(uint32_t begin, uint32_t end) {
    while (first_ < at_.size() && at_[first_] <= begin) ++first_;
    return first_ < at_.size() && at_[first_] < end;
  }
  // Adds to `increase` the value before each reset inside [begin, end), in their order.
  double correct(double increase, uint32_t begin, uint32_t end) {
    if (!any(begin, end)) return increase;
    for (size_t i = first_; i < at_.size() && at_[i] < end; ++i) increase += v_[at_[i] - 1];
    return increase;
  }

 private:
  const double* v_;
  std::vector<uint32_t> at_;
  size_t first_ = 0;
};

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
    return stretch(reaches_[i], first_value, increase, per_seconds_);
  }
  // The factors of the windows from i on where zero is far away.
  const double* plain_factors(size_t i) const { return plain_.data() + i; }
  // Whether all of the windows [i, i + kAtOnce) have more than two samples: then zero is far away
  // where the first sample is no less than the increase.
  bool full(size_t i) const { return full_[i / kAtOnce] != 0; }

 private:
  void find(const Windows& w, double per_seconds) {
    version_ = w.floats.version;
    per_seconds_ = per_seconds;
    reaches_.clear();
    plain_.clear();
    full_.assign(w.steps() / kAtOnce + 1, 1);
    full_.back() = 0;
    for (size_t i = 0; i < w.steps(); ++i) {
      const size_t size = w.floats.size(i);
      if (size <= 2) full_[i / kAtOnce] = 0;
      if (size < 2) {
        reaches_.push_back(Reach(w, i, 0, 0, 2));
        plain_.push_back(0);
      } else {
        const TimeMs* t = w.samples.t.data();
        reaches_.push_back(Reach(w, i, t[w.floats.begin[i]], t[w.floats.end[i] - 1], size));
        plain_.push_back(stretch(reaches_.back(), -1, 0, per_seconds));
      }
    }
  }

  uint64_t version_ = 0;
  double per_seconds_ = 0;
  std::vector<Reach> reaches_;
  std::vector<double> plain_;
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
        resets_(w.samples),
        starts_(float_starts(w.samples)),
        started_(kCounter && starts_.any()),
        stretching_(Stretching::of(w, per_seconds())) {}

  void windows() {
    constexpr size_t kAtOnce = Stretching::kAtOnce;
    size_t i = 0;
    if (!w_.has_histograms() && !started_) {
      for (; i + kAtOnce <= w_.steps(); i += kAtOnce) {
        if (stretching_.full(i)) {
          full_windows(i);
        } else {
          for (size_t k = 0; k < kAtOnce; ++k) window(i + k);
        }
      }
    }
    for (; i < w_.steps(); ++i) window(i);
  }

 private:
  double per_seconds() const { return kPerSecond ? static_cast<double>(w_.range) / 1000 : 0; }

  // The windows [i, i + kAtOnce), which hold floats only, more than two each.
  void full_windows(size_t i) {
    constexpr size_t kAtOnce = Stretching::kAtOnce;
    const uint32_t* begin = w_.floats.begin.data() + i;
    const uint32_t* end = w_.floats.end.data() + i;
    const double* v = w_.samples.v.data();
    double first[kAtOnce], increase[kAtOnce];
    for (size_t k = 0; k < kAtOnce; ++k) {
      first[k] = v[begin[k]];
      increase[k] = v[end[k] - 1] - first[k];
    }
    if (kCounter && resets_.any(begin[0], end[kAtOnce - 1])) {
      for (size_t k = 0; k < kAtOnce; ++k) {
        increase[k] = resets_.correct(increase[k], begin[k], end[k]);
      }
    }
    bool near = false;  // zero
    for (size_t k = 0; kCounter && k < kAtOnce; ++k) {
      near |= (increase[k] > 0) & (first[k] >= 0) & (first[k] < increase[k]);
    }
    double* cells = out_[row_] + i;
    const double* factors = stretching_.plain_factors(i);
    for (size_t k = 0; k < kAtOnce; ++k) {
      cells[k] =
          increase[k] * (near ? stretching_.factor(i + k, first[k], increase[k]) : factors[k]);
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
    if (kCounter) increase = resets_.correct(increase, begin, end);
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
  Resets resets_;
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
