#include "tsdb/chunk_histogram_layout.h"

#include <algorithm>
#include <cmath>

namespace hearth::tsdb {
namespace {

constexpr double kLargestShortBound = 33'554'430;           // in thousandths; takes 25 bits
constexpr int32_t kLowestSchema = -9, kHighestSchema = 52;  // that are reserved

[[noreturn]] void corrupt(const char* what) {
  throw Error(ErrorKind::kCorrupt, std::string("histogram chunk ") + what);
}

// Not damage: it must not cost the block that the chunk lies in.
[[noreturn]] void unreadable(const char* what) {
  throw Error(ErrorKind::kExecution, std::string("histogram chunk ") + what);
}

// A power of two near 1 takes one byte, all others nine.
void write_zero_threshold(BitBuffer& out, double threshold) {
  if (threshold == 0) {
    out.write(0, 8);
    return;
  }
  int exponent = 0;
  if (std::frexp(threshold, &exponent) == 0.5 && -242 <= exponent && exponent <= 11) {
    out.write(static_cast<uint64_t>(exponent + 243), 8);
    return;
  }
  out.write(255, 8);
  out.write(std::bit_cast<uint64_t>(threshold), 64);
}

double read_zero_threshold(BitReader& in) {
  const auto byte = static_cast<int>(in.read(8));
  if (byte == 0) return 0;
  if (byte == 255) return std::bit_cast<double>(in.read(64));
  return std::ldexp(0.5, byte - 243);
}

void write_spans(BitBuffer& out, const HistogramSpans& spans) {
  write_varbit_uint(out, spans.size());
  for (const HistogramSpan& span : spans) {
    write_varbit_uint(out, span.length);
    write_varbit_int(out, span.offset);
  }
}

// Adds to `buckets` how many they are.
HistogramSpans read_spans(BitReader& in, size_t bits_left, size_t& buckets) {
  const uint64_t count = read_varbit_uint(in);
  if (count > bits_left / 2) corrupt("has more spans than bits");
  HistogramSpans spans(static_cast<size_t>(count));
  int64_t end = 0;  // index after the last bucket
  for (HistogramSpan& span : spans) {
    span.length = static_cast<uint32_t>(read_varbit_uint(in));
    span.offset = static_cast<int32_t>(read_varbit_int(in));
    if (span.offset < 0 && &span != &spans.front()) corrupt("has spans that overlap");
    end += int64_t{span.offset} + span.length;
    if (span.offset < -kMaxBucketIndex || end > kMaxBucketIndex)
      unreadable("has a bucket beyond all numbers");
    buckets += span.length;
  }
  return spans;
}

// A whole number of thousandths, plus one, or a 0 and the double.
void write_custom_bound(BitBuffer& out, double bound) {
  const double scaled = bound * 1000;
  if (0 <= scaled && scaled <= kLargestShortBound) {
    const double rounded = std::round(scaled);
    if (rounded / 1000 == bound) {
      write_varbit_uint(out, static_cast<uint64_t>(rounded) + 1);
      return;
    }
  }
  out.write(0, 1);
  out.write(std::bit_cast<uint64_t>(bound), 64);
}

double read_custom_bound(BitReader& in) {
  const uint64_t number = read_varbit_uint(in);
  if (number == 0) return std::bit_cast<double>(in.read(64));
  return static_cast<double>(number - 1) / 1000;
}

// Walks over the indexes of the buckets of one side. One thread.
class BucketWalk {
 public:
  explicit BucketWalk(std::span<const HistogramSpan> spans) : spans_(spans) { enter_span(); }
  bool at_end() const { return left_ == 0; }
  int64_t index() const { return index_; }
  size_t position() const { return position_; }
  void next() {
    ++index_;
    ++position_;
    if (--left_ == 0) enter_span();
  }

 private:
  void enter_span() {
    while (left_ == 0 && !spans_.empty()) {
      index_ += spans_.front().offset;
      left_ = spans_.front().length;
      spans_ = spans_.subspan(1);
    }
  }
  std::span<const HistogramSpan> spans_;  // that are to come
  int64_t index_ = 0;
  size_t position_ = 0;
  uint32_t left_ = 0;  // of the span
};

// Calls visit(index, position in a or -1, position in b or -1) for each bucket of both, in order;
// stops where it returns false.
template <class Visit>
void walk_both(std::span<const HistogramSpan> a_spans, std::span<const HistogramSpan> b_spans,
               const Visit& visit) {
  BucketWalk a(a_spans), b(b_spans);
  while (!a.at_end() || !b.at_end()) {
    const bool in_a = !a.at_end() && (b.at_end() || a.index() <= b.index());
    const bool in_b = !b.at_end() && (a.at_end() || b.index() <= a.index());
    if (!visit(in_a ? a.index() : b.index(), in_a ? static_cast<ptrdiff_t>(a.position()) : -1,
               in_b ? static_cast<ptrdiff_t>(b.position()) : -1))
      return;
    if (in_a) a.next();
    if (in_b) b.next();
  }
}

bool equal_spans(std::span<const HistogramSpan> a, std::span<const HistogramSpan> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

void write_layout(BitBuffer& out, const FloatHistogram& histogram) {
  write_zero_threshold(out, histogram.zero_threshold);
  write_varbit_int(out, histogram.schema);
  write_spans(out, histogram.positive_spans);
  write_spans(out, histogram.negative_spans);
  if (histogram.schema != kCustomBucketsSchema) return;
  write_varbit_uint(out, histogram.custom_values.size());
  for (const double bound : histogram.custom_values) write_custom_bound(out, bound);
}

FloatHistogram read_layout(BitReader& in, size_t bits_left, size_t bucket_bits) {
  FloatHistogram h;
  h.zero_threshold = read_zero_threshold(in);
  h.schema = static_cast<int32_t>(read_varbit_int(in));
  if (h.schema != kCustomBucketsSchema && (h.schema < kLowestSchema || h.schema > kHighestSchema))
    unreadable("has a schema that this version of Hearth does not know");
  size_t positive = 0, negative = 0;  // at most 2^32 for each span: cannot overflow
  h.positive_spans = read_spans(in, bits_left, positive);
  h.negative_spans = read_spans(in, bits_left, negative);
  if (h.schema == kCustomBucketsSchema) {
    const uint64_t bounds = read_varbit_uint(in);
    if (bounds > bits_left / 5) corrupt("has more bounds than bits");
    h.custom_values.resize(static_cast<size_t>(bounds));
    for (double& bound : h.custom_values) bound = read_custom_bound(in);
  }
  if (in.overran()) corrupt("ends within its layout");
  if (positive + negative > bits_left / bucket_bits) corrupt("has more buckets than bits");
  h.positive_buckets.resize(positive);
  h.negative_buckets.resize(negative);
  return h;
}

LayoutChange compare_layouts(HistogramSide before, HistogramSide now) {
  LayoutChange change;
  if (equal_spans(before.spans, now.spans)) return change;
  walk_both(before.spans, now.spans, [&](int64_t, ptrdiff_t was, ptrdiff_t is) {
    change.grows = change.grows || was < 0;
    change.lacks = change.lacks || is < 0;
    return true;
  });
  return change;
}

std::optional<LayoutChange> compare_counters(HistogramSide before, HistogramSide now) {
  if (equal_spans(before.spans, now.spans)) {
    for (size_t i = 0; i < before.buckets.size(); ++i) {
      if (before.buckets[i] > now.buckets[i]) return std::nullopt;
    }
    return LayoutChange{};
  }
  LayoutChange change;
  bool fell = false;
  walk_both(before.spans, now.spans, [&](int64_t, ptrdiff_t was, ptrdiff_t is) {
    if (was < 0) {
      change.grows = true;
    } else if (is < 0) {
      change.lacks = true;
      fell = !(before.buckets[static_cast<size_t>(was)] == 0);
    } else {
      fell = before.buckets[static_cast<size_t>(was)] > now.buckets[static_cast<size_t>(is)];
    }
    return !fell;
  });
  if (fell) return std::nullopt;
  return change;
}

HistogramSpans merged_spans(std::span<const HistogramSpan> a, std::span<const HistogramSpan> b) {
  HistogramSpans spans;
  int64_t end = 0;  // after the last bucket
  walk_both(a, b, [&](int64_t index, ptrdiff_t, ptrdiff_t) {
    if (spans.empty() || index != end) {
      spans.push_back({static_cast<int32_t>(index - end), 1});
    } else {
      ++spans.back().length;
    }
    end = index + 1;
    return true;
  });
  return spans;
}

std::vector<double> widened(HistogramSide side, std::span<const HistogramSpan> spans) {
  std::vector<double> buckets;
  walk_both(side.spans, spans, [&](int64_t, ptrdiff_t from, ptrdiff_t) {
    buckets.push_back(from < 0 ? 0 : side.buckets[static_cast<size_t>(from)]);
    return true;
  });
  return buckets;
}

}  // namespace hearth::tsdb
