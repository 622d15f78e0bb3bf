#include "remote/proto_fields.h"

namespace hearth::remote {
namespace {

constexpr auto kVarint = pbf_wire_type::varint;
constexpr auto kFixed64 = pbf_wire_type::fixed64;
constexpr auto kBytes = pbf_wire_type::length_delimited;

HistogramSpan read_span(pbf_reader message) {
  HistogramSpan span;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kVarint): span.offset = message.get_sint32(); break;
      case tag_and_type(2, kVarint): span.length = message.get_uint32(); break;
      default: skip_other<1, 2>(message);
    }
  }
  return span;
}

template <class Range>
void append_doubles(const Range& range, std::vector<double>& out) {
  for (const double value : range) out.push_back(value);
}

// Counts come as differences, each to the one before.
void append_deltas(pbf_reader& message, int64_t& count, std::vector<double>& out) {
  const auto append = [&](int64_t delta) {
    count = static_cast<int64_t>(static_cast<uint64_t>(count) + static_cast<uint64_t>(delta));
    out.push_back(static_cast<double>(count));
  };
  if (message.wire_type() == kVarint) return append(message.get_sint64());
  for (const int64_t delta : message.get_packed_sint64()) append(delta);
}

CounterResetHint reset_hint(int32_t wire) {
  switch (wire) {
    case 1: return CounterResetHint::kReset;
    case 2: return CounterResetHint::kNotReset;
    case 3: return CounterResetHint::kGauge;
    default: return CounterResetHint::kUnknown;
  }
}

}  // namespace

// Field 3 came with 2.0.
void read_sample_slowly(data_view bytes, WireRequest& request) {
  pbf_reader message(bytes);
  double value = 0;
  TimeMs time = 0;
  TimeMs start = 0;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kFixed64): value = message.get_double(); break;
      case tag_and_type(2, kVarint): time = message.get_int64(); break;
      case tag_and_type(3, kVarint): start = message.get_int64(); break;
      default: skip_other<1, 2, 3>(message);
    }
  }
  if (start != 0 || !request.starts.empty()) {
    request.starts.resize(request.times.size());  // 0 for those before
    request.starts.push_back(start);
  }
  request.times.push_back(time);
  request.values.push_back(value);
}

// The fields are those of 1.0 and 2.0 alike; 17 came with 2.0.
void read_histogram(data_view bytes, WireRequest& request) {
  check_count(request.histograms.size(), kMaxParts);
  WireHistogram& wire = request.histograms.emplace_back();
  FloatHistogram& h = wire.histogram;
  std::vector<double> negative_deltas, positive_deltas;
  int64_t negative = 0, positive = 0;
  double zero_int = 0, zero_float = 0, count_int = 0;
  bool is_float = false;  // as the count, whatever the rest is
  pbf_reader message(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kVarint):
        count_int = static_cast<double>(message.get_uint64());
        is_float = false;
        break;
      case tag_and_type(2, kFixed64):
        h.count = message.get_double();
        is_float = true;
        break;
      case tag_and_type(3, kFixed64): h.sum = message.get_double(); break;
      case tag_and_type(4, kVarint): h.schema = message.get_sint32(); break;
      case tag_and_type(5, kFixed64): h.zero_threshold = message.get_double(); break;
      case tag_and_type(6, kVarint): zero_int = static_cast<double>(message.get_uint64()); break;
      case tag_and_type(7, kFixed64): zero_float = message.get_double(); break;
      case tag_and_type(8, kBytes): h.negative_spans.push_back(read_span(message.get_message())); break;
      case tag_and_type(9, kVarint):
      case tag_and_type(9, kBytes): append_deltas(message, negative, negative_deltas); break;
      case tag_and_type(10, kFixed64): h.negative_buckets.push_back(message.get_double()); break;
      case tag_and_type(10, kBytes): append_doubles(message.get_packed_double(), h.negative_buckets); break;
      case tag_and_type(11, kBytes): h.positive_spans.push_back(read_span(message.get_message())); break;
      case tag_and_type(12, kVarint):
      case tag_and_type(12, kBytes): append_deltas(message, positive, positive_deltas); break;
      case tag_and_type(13, kFixed64): h.positive_buckets.push_back(message.get_double()); break;
      case tag_and_type(13, kBytes): append_doubles(message.get_packed_double(), h.positive_buckets); break;
      case tag_and_type(14, kVarint): h.counter_reset_hint = reset_hint(message.get_int32()); break;
      case tag_and_type(15, kVarint): wire.t = message.get_int64(); break;
      case tag_and_type(16, kFixed64): h.custom_values.push_back(message.get_double()); break;
      case tag_and_type(16, kBytes): append_doubles(message.get_packed_double(), h.custom_values); break;
      case tag_and_type(17, kVarint): wire.start = message.get_int64(); break;
      default: skip_other<1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17>(message);
    }
  }
  h.integer = !is_float;
  h.zero_count = is_float ? zero_float : zero_int;
  if (is_float) return;
  h.count = count_int;
  h.negative_buckets = std::move(negative_deltas);
  h.positive_buckets = std::move(positive_deltas);
}

}  // namespace hearth::remote
