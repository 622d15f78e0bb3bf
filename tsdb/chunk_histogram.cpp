#include "tsdb/chunk_histogram.h"

#include <optional>

#include "core/sample.h"
#include "tsdb/chunk_histogram_layout.h"

namespace hearth::tsdb {
namespace {

// Whether a histogram can follow another in a chunk, and what that changes.
struct Fit {
  bool fits = false;
  CounterResetHint hint = CounterResetHint::kUnknown;  // what is known of a reset between the two
  LayoutChange positive, negative;

  bool grows() const { return positive.grows || negative.grows; }
  bool lacks() const { return positive.lacks || negative.lacks; }
};

Fit refused(CounterResetHint hint) {
  Fit fit;
  fit.hint = hint;
  return fit;
}

bool same_kind_of_buckets(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold;
}
bool same_bounds(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema != kCustomBucketsSchema || a.custom_values == b.custom_values;
}

// The order of the questions is Prometheus', and with it the hints.
Fit fit_counter(const FloatHistogram& last, const FloatHistogram& h) {
  Fit fit;
  fit.hint = CounterResetHint::kNotReset;
  if (last.counter_reset_hint == CounterResetHint::kGauge)
    return refused(h.integer ? CounterResetHint::kNotReset : CounterResetHint::kUnknown);
  if (h.counter_reset_hint == CounterResetHint::kReset) return refused(CounterResetHint::kReset);
  if (is_stale(h.sum)) {
    fit.fits = true;
    return fit;
  }
  if (is_stale(last.sum)) return refused(CounterResetHint::kUnknown);
  if (h.count < last.count) return refused(CounterResetHint::kReset);
  if (!same_kind_of_buckets(last, h)) return refused(CounterResetHint::kUnknown);
  if (!same_bounds(last, h) || h.zero_count < last.zero_count)
    return refused(CounterResetHint::kReset);
  const auto positive = compare_counters(positive_side(last), positive_side(h));
  if (!positive) return refused(CounterResetHint::kReset);
  const auto negative = compare_counters(negative_side(last), negative_side(h));
  if (!negative) return refused(CounterResetHint::kReset);
  fit.fits = true;
  fit.positive = *positive;
  fit.negative = *negative;
  return fit;
}

Fit fit_gauge(const FloatHistogram& last, const FloatHistogram& h) {
  Fit fit = refused(CounterResetHint::kGauge);
  if (last.counter_reset_hint != CounterResetHint::kGauge) return fit;
  if (!is_stale(h.sum)) {
    if (is_stale(last.sum) || !same_kind_of_buckets(last, h) || !same_bounds(last, h)) return fit;
    fit.positive = compare_layouts(positive_side(last), positive_side(h));
    fit.negative = compare_layouts(negative_side(last), negative_side(h));
  }
  fit.fits = true;
  return fit;
}

Fit fit_after(const FloatHistogram& last, const FloatHistogram& h) {
  if (last.integer != h.integer) return refused(CounterResetHint::kUnknown);
  return h.counter_reset_hint == CounterResetHint::kGauge ? fit_gauge(last, h)
                                                          : fit_counter(last, h);
}

// `h` with the buckets that only the chunk has: in the chunk's own spans where `h` has no others.
FloatHistogram with_missing_buckets(const FloatHistogram& h, const FloatHistogram& last,
                                    const Fit& fit) {
  FloatHistogram wide = h;
  const bool gauge = h.counter_reset_hint == CounterResetHint::kGauge;
  if (!gauge && !fit.grows()) {
    wide.positive_spans = last.positive_spans;
    wide.negative_spans = last.negative_spans;
  } else {
    if (gauge || fit.positive.lacks)
      wide.positive_spans = merged_spans(last.positive_spans, h.positive_spans);
    if (gauge || fit.negative.lacks)
      wide.negative_spans = merged_spans(last.negative_spans, h.negative_spans);
  }
  wide.positive_buckets = widened(positive_side(h), wide.positive_spans);
  wide.negative_buckets = widened(negative_side(h), wide.negative_spans);
  return wide;
}

// The integer that a count is, modulo 2^64; anything where it is none.
uint64_t whole(double count) {
  if (!(count > -0x1p63 && count < 0x1p64)) return 0;
  return count < 0 ? static_cast<uint64_t>(static_cast<int64_t>(count))
                   : static_cast<uint64_t>(count);
}

int64_t change(double before, double now) {
  return static_cast<int64_t>(whole(now) - whole(before));
}

int64_t difference(int64_t a, int64_t b) {  // wraps around
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

void write_first_buckets(BitBuffer& out, bool integer, const std::vector<double>& buckets) {
  double before = 0;
  for (const double bucket : buckets) {
    if (integer) {
      write_varbit_int(out, change(before, bucket));
    } else {
      out.write(std::bit_cast<uint64_t>(bucket), 64);
    }
    before = bucket;
  }
}

// A stale marker has no buckets, whatever came with it.
FloatHistogram stale_histogram(const FloatHistogram& h) {
  FloatHistogram marker;
  marker.integer = h.integer;
  marker.sum = h.sum;
  return marker;
}

}  // namespace

Encoding HistogramEncoder::encoding() const {
  if (with_start_times_)
    return last_.integer ? Encoding::kHistogramSt : Encoding::kFloatHistogramSt;
  return last_.integer ? Encoding::kHistogram : Encoding::kFloatHistogram;
}

void HistogramEncoder::clear(Header header) {
  header_ = header;
  samples_ = 0;
  time_delta_ = count_delta_ = zero_count_delta_ = 0;
  sum_window_ = count_window_ = zero_count_window_ = {};
  start_times_ = {};
  bits_ = BitBuffer(kHistogramHeaderBytes);
}

void HistogramEncoder::begin(TimeMs t, const FloatHistogram& h, const FloatHistogram* previous,
                             TimeMs start) {
  CounterResetHint hint = h.counter_reset_hint;
  if (hint != CounterResetHint::kGauge && hint != CounterResetHint::kReset)
    hint = previous == nullptr ? CounterResetHint::kUnknown : fit_after(*previous, h).hint;
  Header header = Header::kUnknown;
  if (hint == CounterResetHint::kGauge) header = Header::kGauge;
  if (hint == CounterResetHint::kReset) header = Header::kReset;
  if (hint == CounterResetHint::kNotReset) header = Header::kNotReset;
  clear(header);
  write_first(t, is_stale(h.sum) ? stale_histogram(h) : h, start);
}

bool HistogramEncoder::append(TimeMs t, const FloatHistogram& h, TimeMs start) {
  if (samples_ >= (with_start_times_ ? kMaxHistogramStSamples : kMaxHistogramSamples)) return false;
  const Fit fit = fit_after(last_, h);
  if (!fit.fits) return false;
  if (is_stale(h.sum)) {
    write_next(t, stale_histogram(h), start);
  } else if (fit.lacks()) {
    const FloatHistogram wide = with_missing_buckets(h, last_, fit);
    if (fit.grows()) recode(wide.positive_spans, wide.negative_spans);
    write_next(t, wide, start);
  } else {
    if (fit.grows()) recode(h.positive_spans, h.negative_spans);
    write_next(t, h, start);
  }
  return true;
}

void HistogramEncoder::write_first(TimeMs t, const FloatHistogram& h, TimeMs start) {
  last_ = h;
  first_time_ = t;
  const size_t buckets = h.positive_buckets.size() + h.negative_buckets.size();
  bucket_deltas_.assign(h.integer ? buckets : 0, 0);
  bucket_windows_.assign(h.integer ? 0 : buckets, {});

  write_layout(bits_, h);
  write_varbit_int(bits_, t);
  if (h.integer) {
    write_varbit_uint(bits_, whole(h.count));
    write_varbit_uint(bits_, whole(h.zero_count));
  } else {
    bits_.write(std::bit_cast<uint64_t>(h.count), 64);
    bits_.write(std::bit_cast<uint64_t>(h.zero_count), 64);
  }
  bits_.write(std::bit_cast<uint64_t>(h.sum), 64);
  write_first_buckets(bits_, h.integer, h.positive_buckets);
  write_first_buckets(bits_, h.integer, h.negative_buckets);
  finish_sample(t, h, start);
}

void HistogramEncoder::write_next(TimeMs t, const FloatHistogram& h, TimeMs start) {
  const int64_t delta = difference(t, last_time_);
  write_varbit_int(bits_, difference(delta, time_delta_));
  time_delta_ = delta;
  if (h.integer) {
    write_whole_counts(h);
  } else {
    write_float_counts(h);
  }
  finish_sample(t, h, start);
}

void HistogramEncoder::write_whole_counts(const FloatHistogram& h) {
  if (is_stale(h.sum)) {
    bits_.write(0, 2);  // only such markers can follow
    write_xor(bits_, sum_window_, last_.sum, h.sum);
    return;
  }
  const int64_t count = change(last_.count, h.count);
  const int64_t zero_count = change(last_.zero_count, h.zero_count);
  write_varbit_int(bits_, difference(count, count_delta_));
  write_varbit_int(bits_, difference(zero_count, zero_count_delta_));
  count_delta_ = count;
  zero_count_delta_ = zero_count;
  write_xor(bits_, sum_window_, last_.sum, h.sum);
  int64_t* const deltas = bucket_deltas_.data();
  write_whole_buckets(last_.positive_buckets, h.positive_buckets, deltas);
  write_whole_buckets(last_.negative_buckets, h.negative_buckets,
                      deltas + h.positive_buckets.size());
}

void HistogramEncoder::write_whole_buckets(const std::vector<double>& before,
                                           const std::vector<double>& now, int64_t* deltas) {
  int64_t change_before = 0;  // of the bucket before
  for (size_t i = 0; i < now.size(); ++i) {
    const int64_t change_here = change(before[i], now[i]);
    const int64_t delta = difference(change_here, change_before);
    write_varbit_int(bits_, difference(delta, deltas[i]));
    deltas[i] = delta;
    change_before = change_here;
  }
}

void HistogramEncoder::write_float_counts(const FloatHistogram& h) {
  write_xor(bits_, count_window_, last_.count, h.count);
  write_xor(bits_, zero_count_window_, last_.zero_count, h.zero_count);
  write_xor(bits_, sum_window_, last_.sum, h.sum);
  if (is_stale(h.sum)) return;
  XorWindow* window = bucket_windows_.data();
  for (size_t i = 0; i < h.positive_buckets.size(); ++i)
    write_xor(bits_, *window++, last_.positive_buckets[i], h.positive_buckets[i]);
  for (size_t i = 0; i < h.negative_buckets.size(); ++i)
    write_xor(bits_, *window++, last_.negative_buckets[i], h.negative_buckets[i]);
}

// Brings the header and what is known of the last sample up to it.
void HistogramEncoder::finish_sample(TimeMs t, const FloatHistogram& h, TimeMs start) {
  const auto flags = static_cast<uint8_t>(header_);
  const uint32_t count = samples_ + 1;
  const auto high = static_cast<uint8_t>(count >> 8);
  bits_.set_byte(0, with_start_times_ ? static_cast<uint8_t>(high | flags) : high);
  bits_.set_byte(1, static_cast<uint8_t>(count));
  if (with_start_times_) {
    start_times_.write(bits_, 2, samples_, t, last_time_, start);
  } else {
    bits_.set_byte(2, flags);
  }
  samples_ = count;
  last_time_ = t;
  if (is_stale(h.sum)) {
    last_ = stale_histogram(h);
  } else {
    last_.count = h.count;
    last_.zero_count = h.zero_count;
    last_.sum = h.sum;
    last_.positive_buckets = h.positive_buckets;
    last_.negative_buckets = h.negative_buckets;
  }
  last_.counter_reset_hint =
      header_ == Header::kGauge ? CounterResetHint::kGauge : CounterResetHint::kUnknown;
}

// Encodes all samples anew with these spans, which have all buckets of the chunk and more.
void HistogramEncoder::recode(const std::vector<HistogramSpan>& positive,
                              const std::vector<HistogramSpan>& negative) {
  Columns columns;
  const Encoding encoding_now = encoding();
  decode_histograms(encoding_now, bytes(), {}, columns);
  clear(header_);
  for (size_t i = 0; i < columns.histograms.size(); ++i) {
    FloatHistogram& h = columns.histograms[i];
    h.positive_buckets = widened(positive_side(h), positive);
    h.negative_buckets = widened(negative_side(h), negative);
    h.positive_spans = positive;
    h.negative_spans = negative;
    const TimeMs start = columns.histogram_start_t.empty() ? 0 : columns.histogram_start_t[i];
    if (i == 0) {
      write_first(columns.histogram_t[i], h, start);
    } else {
      write_next(columns.histogram_t[i], h, start);
    }
  }
}

}  // namespace hearth::tsdb
