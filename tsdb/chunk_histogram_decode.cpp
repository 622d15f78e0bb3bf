#include "core/bytes.h"
#include "core/error.h"
#include "core/sample.h"
#include "tsdb/chunk_histogram.h"
#include "tsdb/chunk_histogram_layout.h"

namespace hearth::tsdb {
namespace {

// Histograms of real chunks stay far below: a hundred samples with a hundred buckets each.
constexpr size_t kMaxDecodedNumbers = size_t{1} << 24;

[[noreturn]] void corrupt(const char* what) {
  throw Error(ErrorKind::kCorrupt, std::string("histogram chunk ") + what);
}

// Each reads the counts of sample after sample into `h`: first the two totals, then (unless the
// sample is a stale marker) its buckets.

// Counts that are whole numbers: how their change changed. One thread.
class WholeCounts {
 public:
  static constexpr size_t kBucketBits = 1;  // at least, of the first sample

  explicit WholeCounts(size_t buckets) : steps_(buckets) {}

  void read_first_totals(BitReader& in, FloatHistogram& h) {
    count_ = read_varbit_uint(in);
    zero_count_ = read_varbit_uint(in);
    set_totals(h);
  }
  void read_next_totals(BitReader& in, FloatHistogram& h) {
    count_delta_ += read_varbit_int(in);
    zero_count_delta_ += read_varbit_int(in);
    count_ += count_delta_;
    zero_count_ += zero_count_delta_;
    set_totals(h);
  }
  void read_first_buckets(BitReader& in, FloatHistogram& h) {
    read_buckets(h, [&](Step& step) { step.height = read_varbit_int(in); });
  }
  void read_next_buckets(BitReader& in, FloatHistogram& h) {
    read_buckets(h, [&](Step& step) {
      step.delta += read_varbit_int(in);
      step.height += step.delta;
    });
  }

 private:
  struct Step {  // from the bucket before to this one; modulo 2^64
    uint64_t height = 0, delta = 0;
  };
  void set_totals(FloatHistogram& h) const {
    h.count = static_cast<double>(count_);
    h.zero_count = static_cast<double>(zero_count_);
  }
  template <class Read>
  void read_buckets(FloatHistogram& h, const Read& read) {
    Step* step = steps_.data();
    for (std::vector<double>* side : {&h.positive_buckets, &h.negative_buckets}) {
      uint64_t count = 0;
      for (double& bucket : *side) {
        read(*step);
        count += (step++)->height;
        bucket = static_cast<double>(static_cast<int64_t>(count));
      }
    }
  }

  uint64_t count_ = 0, zero_count_ = 0, count_delta_ = 0, zero_count_delta_ = 0;
  std::vector<Step> steps_;  // positive, then negative
};

// Counts that are doubles. One thread.
class FloatCounts {
 public:
  static constexpr size_t kBucketBits = 64;

  explicit FloatCounts(size_t buckets) : buckets_(buckets) {}

  void read_first_totals(BitReader& in, FloatHistogram& h) {
    count_.bits = in.read(64);
    zero_count_.bits = in.read(64);
    set_totals(h);
  }
  void read_next_totals(BitReader& in, FloatHistogram& h) {
    count_.read(in);
    zero_count_.read(in);
    set_totals(h);
  }
  void read_first_buckets(BitReader& in, FloatHistogram& h) {
    read_buckets(h, [&](XorValue& bucket) { bucket.bits = in.read(64); });
  }
  void read_next_buckets(BitReader& in, FloatHistogram& h) {
    read_buckets(h, [&](XorValue& bucket) { bucket.read(in); });
  }

 private:
  void set_totals(FloatHistogram& h) const {
    h.count = count_.value();
    h.zero_count = zero_count_.value();
  }
  template <class Read>
  void read_buckets(FloatHistogram& h, const Read& read) {
    XorValue* next = buckets_.data();
    for (std::vector<double>* side : {&h.positive_buckets, &h.negative_buckets}) {
      for (double& bucket : *side) {
        read(*next);
        bucket = (next++)->value();
      }
    }
  }

  XorValue count_, zero_count_;
  std::vector<XorValue> buckets_;  // positive, then negative
};

struct ChunkHead {
  size_t samples;
  bool gauge;
  StartTimeReader start_times;
};

ChunkHead read_head(Encoding encoding, std::string_view bytes) {
  if (bytes.size() < kHistogramHeaderBytes) corrupt("ends within its header");
  const size_t count = load_be16(bytes.data());
  const auto last = static_cast<uint8_t>(bytes[2]);
  if (!holds_start_times_of_histograms(encoding)) return {count, last >> 6 == 0b11, {}};
  return {count & kMaxHistogramStSamples, count >> 14 == 0b11, StartTimeReader(last)};
}

FloatHistogram stale_histogram(bool integer, double sum) {
  FloatHistogram marker;
  marker.integer = integer;
  marker.sum = sum;
  return marker;
}

template <class Counts>
void decode(ChunkHead head, std::string_view body, bool integer, TimeRange range, Columns& out) {
  BitReader in(body);
  const size_t bits = body.size() * 8;
  FloatHistogram h = read_layout(in, bits, Counts::kBucketBits);
  h.integer = integer;
  const size_t buckets = h.positive_buckets.size() + h.negative_buckets.size();
  // Four bits is the least that a sample takes, and each repeats the layout.
  if (head.samples > 1 + bits / 4) corrupt("ends before its last sample");
  if (head.samples *
          (buckets + h.positive_spans.size() + h.negative_spans.size() + h.custom_values.size()) >
      kMaxDecodedNumbers)
    corrupt("claims more samples and buckets than any real one");

  Counts counts(buckets);
  XorValue sum;
  uint64_t t = 0, delta = 0;
  for (size_t i = 0; i < head.samples; ++i) {
    const uint64_t previous_t = t;
    if (i == 0) {
      t = read_varbit_int(in);
      counts.read_first_totals(in, h);
      sum.bits = in.read(64);
      counts.read_first_buckets(in, h);
    } else {
      delta += read_varbit_int(in);
      t += delta;
      counts.read_next_totals(in, h);
      sum.read(in);
      if (!is_stale(sum.value())) counts.read_next_buckets(in, h);
    }
    const TimeMs start = head.start_times.read(in, i, t, previous_t);
    if (in.overran()) corrupt("ends before its last sample");

    const auto time = static_cast<TimeMs>(t);
    if (time > range.max) return;
    if (time < range.min) continue;
    out.histogram_t.push_back(time);
    if (is_stale(sum.value())) {
      out.histograms.push_back(stale_histogram(integer, sum.value()));
    } else {
      h.sum = sum.value();
      h.counter_reset_hint = head.gauge ? CounterResetHint::kGauge
                             : i > 0    ? CounterResetHint::kNotReset
                                        : CounterResetHint::kUnknown;
      out.histograms.push_back(h);
    }
    if (start != 0) {
      out.histogram_start_t.resize(out.histogram_t.size() - 1);
      out.histogram_start_t.push_back(start);
    }
  }
}

}  // namespace

void decode_histograms(Encoding encoding, std::string_view bytes, TimeRange range, Columns& out) {
  const ChunkHead head = read_head(encoding, bytes);
  if (head.samples == 0) return;
  const std::string_view body = bytes.substr(kHistogramHeaderBytes);
  const bool integer = encoding == Encoding::kHistogram || encoding == Encoding::kHistogramSt;
  if (integer) {
    decode<WholeCounts>(head, body, integer, range, out);
  } else {
    decode<FloatCounts>(head, body, integer, range, out);
  }
  if (!out.histogram_start_t.empty()) out.histogram_start_t.resize(out.histogram_t.size());
}

}  // namespace hearth::tsdb
