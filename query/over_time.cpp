// *_over_time.
#include <algorithm>
#include <cmath>
#include <optional>

#include "query/kahan.h"
#include "query/quantile.h"
#include "query/range_histograms.h"
#include "query/window.h"

namespace hearth::promql {
namespace {

// Folds windows that slide in amortised constant time, with merges only, never taking back: a
// window is a suffix of the samples before `middle_`, folded from the right once, and a run after
// it.
template <class Fold>
class SlidingFold {
 public:
  explicit SlidingFold(const std::vector<double>& v) : v_(v) {}
  Fold fold(uint32_t begin, uint32_t end) {
    if (begin >= middle_) turn(begin, end);
    for (; end_ < end; ++end_) has_run_ = has_run_ ? (run_.add(v_[end_]), true) : start_run();
    Fold all = suffixes_[middle_ - 1 - begin];
    if (has_run_) all.merge(run_);
    return all;
  }

 private:
  bool start_run() {
    run_ = Fold(v_[end_]);
    return true;
  }
  void turn(uint32_t begin, uint32_t end) {
    suffixes_.clear();
    for (uint32_t i = end; i-- > begin;) {
      Fold fold(v_[i]);
      if (!suffixes_.empty()) fold.merge(suffixes_.back());
      suffixes_.push_back(fold);
    }
    middle_ = end_ = end;
    has_run_ = false;
  }
  const std::vector<double>& v_;
  std::vector<Fold> suffixes_;  // [k]: of the k + 1 samples before middle_
  uint32_t middle_ = 0, end_ = 0;
  Fold run_{0};
  bool has_run_ = false;
};

struct SumFold : KahanSum {
  explicit SumFold(double first) { add(first); }
  void merge(const SumFold& other) { KahanSum::merge(other); }
  double result() const { return total(); }
  static double of(const KahanSum& sum, uint32_t) { return sum.sum + sum.lost; }
};

struct MeanFold : KahanMean {
  using KahanMean::KahanMean;
  double result() const { return mean(); }
  static double of(const KahanSum& sum, uint32_t count) {
    return sum.sum / count + sum.lost / count;
  }
};

// Sums of windows as differences of running sums, each with what it lost: constant time, and right to
// the last digit as long as the window is not tiny beside everything before it.
class RunningSums {
 public:
  explicit RunningSums(const std::vector<double>& v) {
    static thread_local std::vector<KahanSum> kept;  // [i]: of the samples before i
    kept.resize(v.size() + 1);
    KahanSum all;
    double largest = 0;
    kept[0] = all;
    for (size_t i = 0; i < v.size(); ++i) {
      const double total = all.sum + v[i];
      const double added = total - all.sum;
      all.lost += (all.sum - (total - added)) + (v[i] - added);
      all.sum = total;
      largest = std::max(largest, std::fabs(total));
      kept[i + 1] = all;
    }
    sums_ = kept.data();
    finite_ = std::isfinite(all.sum) && std::isfinite(all.lost);
    constexpr double kOfRoundingTwice = 0x1p-100, kOfResult = 0x1p56;
    least_ = largest * static_cast<double>(v.size()) * (kOfRoundingTwice * kOfResult);
  }
  bool finite() const { return finite_; }
  // Returns false for a window whose sum is too small for this, or too large for a number.
  bool sum(uint32_t begin, uint32_t end, KahanSum& out) const {
    const KahanSum& a = sums_[begin];
    const KahanSum& b = sums_[end];
    const double total = b.sum - a.sum;
    const double taken = b.sum - total;
    out = {total, ((b.sum - (total + taken)) + (taken - a.sum)) + (b.lost - a.lost)};
    return std::fabs(total) >= least_ && std::isfinite(total);
  }

 private:
  const KahanSum* sums_;  // of this thread, until the next RunningSums
  bool finite_;
  double least_;
};

// Windows that overlap less than this many times are folded sample by sample, as Prometheus does.
constexpr size_t kFewOverlaps = 8;

template <class Fold>
void fold_windows(const Windows& w, Rows& out, size_t row,
                  void (*histogram_fold)(const Windows&, size_t, Rows&, size_t)) {
  const auto& v = w.samples.v;
  const auto direct = [&](size_t i) {
    Fold fold(v[w.floats.begin[i]]);
    for (uint32_t k = w.floats.begin[i] + 1; k < w.floats.end[i]; ++k) fold.add(v[k]);
    return fold.result();
  };
  const bool slide = w.floats.samples > kFewOverlaps * v.size();
  std::optional<RunningSums> sums;
  if (slide) sums.emplace(v);
  SlidingFold<Fold> sliding(v);
  for (size_t i = 0; i < w.steps(); ++i) {
    if (!w.histograms.empty(i)) {
      if (w.mixed(i)) {
        w.warn_mixed();
      } else {
        histogram_fold(w, i, out, row);
      }
      continue;
    }
    if (w.floats.empty(i)) continue;
    double& cell = out[row][i];
    const uint32_t begin = w.floats.begin[i], end = w.floats.end[i];
    if (!slide) {
      cell = direct(i);
    } else if (sums->finite()) {
      KahanSum sum;
      cell = sums->sum(begin, end, sum) ? Fold::of(sum, end - begin) : direct(i);
    } else {
      cell = sliding.fold(begin, end).result();
      if (!std::isfinite(cell)) cell = direct(i);
    }
  }
}

void sum_over_time(const Windows& w, Rows& out, size_t row) {
  fold_windows<SumFold>(w, out, row, histogram_sum_over_time);
}

void avg_over_time(const Windows& w, Rows& out, size_t row) {
  fold_windows<MeanFold>(w, out, row, histogram_avg_over_time);
}

// Functions that look at floats only tell when a window has histograms, too. Returns whether window
// i has floats.
bool has_floats(const Windows& w, size_t i) {
  if (w.mixed(i)) w.inform_histograms_ignored();
  return !w.floats.empty(i);
}

// The extreme value of each window by a monotone queue of candidates. better(a, b): a is chosen
// over b; of equals the first stays, or with kLatest the last.
template <bool kMax, bool kLatest, bool kTime>
void extreme_over_time(const Windows& w, Rows& out, size_t row) {
  const auto& v = w.samples.v;
  const auto replaces = [](double newer, double older) {  // newer makes older no candidate any more
    if (std::isnan(older)) return true;
    if (kLatest) return kMax ? newer >= older : newer <= older;
    return kMax ? newer > older : newer < older;
  };
  static thread_local std::vector<uint32_t> queue;
  queue.clear();
  size_t head = 0;
  uint32_t next = 0;
  if (w.floats.none) return;
  for (size_t i = 0; i < w.steps(); ++i) {
    const uint32_t begin = w.floats.begin[i], end = w.floats.end[i];
    for (; next < end; ++next) {
      while (queue.size() > head && replaces(v[next], v[queue.back()])) queue.pop_back();
      queue.push_back(next);
    }
    while (head < queue.size() && queue[head] < begin) ++head;
    if (!has_floats(w, i)) continue;
    const uint32_t best = queue[head];
    out[row][i] = kTime ? static_cast<double>(w.samples.t[best]) / 1000 : v[best];
  }
}

void count_over_time(const Windows& w, Rows& out, size_t row) {
  for (size_t i = 0; i < w.steps(); ++i) {
    if (w.empty(i)) continue;
    out[row][i] = static_cast<double>(w.floats.size(i) + w.histograms.size(i));
  }
}

void present_over_time(const Windows& w, Rows& out, size_t row) {
  for (size_t i = 0; i < w.steps(); ++i) {
    if (!w.empty(i)) out[row][i] = 1;
  }
}

// The first or last sample of each window, or its time.
template <bool kFirst, bool kTime>
void edge_over_time(const Windows& w, Rows& out, size_t row) {
  for (size_t i = 0; i < w.steps(); ++i) {
    if (w.empty(i)) continue;
    const auto edge = [i](const WindowBounds& bounds) {
      return bounds.none ? 0 : kFirst ? bounds.begin[i] : bounds.end[i] - 1;
    };
    const uint32_t f = edge(w.floats), h = edge(w.histograms);
    bool take_float = w.histograms.empty(i);
    if (w.mixed(i)) {
      const TimeMs ft = w.samples.t[f], ht = w.samples.histogram_t[h];
      take_float = kFirst ? ft < ht : ft > ht;
    }
    if (kTime) {
      out[row][i] =
          static_cast<double>(take_float ? w.samples.t[f] : w.samples.histogram_t[h]) / 1000;
    } else if (take_float) {
      out[row][i] = w.samples.v[f];
    } else {
      out.put(row, i, w.samples.histograms[h]);
    }
  }
}

template <bool kRoot>
void variance_over_time(const Windows& w, Rows& out, size_t row) {
  for (size_t i = 0; i < w.steps(); ++i) {
    if (!has_floats(w, i)) continue;
    w.look_through(i);
    double count = 0;
    KahanSum mean, squares;
    for (uint32_t k = w.floats.begin[i]; k < w.floats.end[i]; ++k) {
      const double value = w.samples.v[k];
      ++count;
      const double delta = value - (mean.sum + mean.lost);
      mean.add(delta / count);
      squares.add(delta * (value - (mean.sum + mean.lost)));
    }
    const double variance = (squares.sum + squares.lost) / count;
    out[row][i] = kRoot ? std::sqrt(variance) : variance;
  }
}

std::vector<double>& copy_window(const Windows& w, size_t i) {
  w.look_through(i);
  static thread_local std::vector<double> values;
  const double* v = w.samples.v.data();
  values.assign(v + w.floats.begin[i], v + w.floats.end[i]);
  return values;
}

void quantile_over_time(const Windows& w, Rows& out, size_t row) {
  for (size_t i = 0; i < w.steps(); ++i) {
    if (w.floats.empty(i)) continue;
    const double q = w.scalars[0][i];
    if (std::isnan(q) || q < 0 || q > 1) {
      w.context.annotations.warn(invalid_quantile_text(q), w.pos);
    }
    if (w.mixed(i)) w.inform_histograms_ignored();
    out[row][i] = quantile(q, copy_window(w, i));
  }
}

void mad_over_time(const Windows& w, Rows& out, size_t row) {
  for (size_t i = 0; i < w.steps(); ++i) {
    if (!has_floats(w, i)) continue;
    std::vector<double>& values = copy_window(w, i);
    if (std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) {
      out[row][i] = normal_nan();
      continue;
    }
    const double median = quantile(0.5, values);
    for (double& value : values) value = std::fabs(value - median);
    out[row][i] = quantile(0.5, values);
  }
}

constexpr RangeFunction kFunctions[] = {
    {"sum_over_time", sum_over_time},
    {"avg_over_time", avg_over_time},
    {"min_over_time", extreme_over_time<false, false, false>},
    {"max_over_time", extreme_over_time<true, false, false>},
    {"ts_of_min_over_time", extreme_over_time<false, true, true>},
    {"ts_of_max_over_time", extreme_over_time<true, true, true>},
    {"count_over_time", count_over_time},
    {"present_over_time", present_over_time},
    {"first_over_time", edge_over_time<true, false>, true},
    {"last_over_time", edge_over_time<false, false>, true},
    {"ts_of_first_over_time", edge_over_time<true, true>},
    {"ts_of_last_over_time", edge_over_time<false, true>},
    {"stddev_over_time", variance_over_time<true>},
    {"stdvar_over_time", variance_over_time<false>},
    {"quantile_over_time", quantile_over_time},
    {"mad_over_time", mad_over_time},
};

}  // namespace

const RangeFunction* find_over_time_function(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                   [&](const RangeFunction& f) { return f.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

}  // namespace hearth::promql
