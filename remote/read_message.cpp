#include "remote/read_message.h"

#include <fmt/format.h>

#include <cmath>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "core/bytes.h"
#include "core/crc32c.h"
#include "core/error.h"

namespace hearth::remote {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::pbf_writer;
using protozero::tag_and_type;

constexpr auto kVarint = pbf_wire_type::varint;
constexpr auto kBytes = pbf_wire_type::length_delimited;

enum ResponseType : int32_t { kSamples = 0, kStreamedChunks = 1 };

Matcher read_matcher(pbf_reader message) {
  int32_t type = 0;
  std::string name, value;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kVarint):
        type = message.get_enum();
        break;
      case tag_and_type(2, kBytes):
        name = message.get_string();
        break;
      case tag_and_type(3, kBytes):
        value = message.get_string();
        break;
      default:
        message.skip();
    }
  }
  constexpr MatchType kTypes[] = {MatchType::kEqual, MatchType::kNotEqual, MatchType::kRegex,
                                  MatchType::kNotRegex};
  if (type < 0 || type > 3) throw Error(ErrorKind::kBadData, "invalid matcher type");
  return Matcher(kTypes[type], std::move(name), std::move(value));
}

ReadQuery read_query(pbf_reader message) {
  ReadQuery query;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kVarint):
        query.range.min = message.get_int64();
        break;
      case tag_and_type(2, kVarint):
        query.range.max = message.get_int64();
        break;
      case tag_and_type(3, kBytes):
        query.matchers.push_back(read_matcher(message.get_message()));
        break;
      default:
        message.skip();  // hints: what is asked for anyway
    }
  }
  return query;
}

// The first kind that we know, in the client's order.
bool wants_stream(const std::vector<int32_t>& accepted) {
  for (const int32_t type : accepted) {
    if (type == kSamples || type == kStreamedChunks) return type == kStreamedChunks;
  }
  if (accepted.empty()) return false;
  std::string asked;
  for (const int32_t type : accepted) asked += (asked.empty() ? "" : " ") + std::to_string(type);
  throw Error(ErrorKind::kBadData,
              fmt::format("server does not support any of the requested response types: [{}]; "
                          "supported: map[SAMPLES:{{}} STREAMED_XOR_CHUNKS:{{}}]",
                          asked));
}

void write_labels(pbf_writer& message, LabelsView labels) {
  for (const Label& label : labels) {
    pbf_writer out(message, 1);
    out.add_string(1, label.name.data(), label.name.size());
    out.add_string(2, label.value.data(), label.value.size());
  }
}

void write_spans(pbf_writer& message, protozero::pbf_tag_type tag,
                 const std::vector<HistogramSpan>& spans) {
  for (const HistogramSpan& span : spans) {
    pbf_writer out(message, tag);
    if (span.offset != 0) out.add_sint32(1, span.offset);
    if (span.length != 0) out.add_uint32(2, span.length);
  }
}

// Whole counts go as differences from the bucket before, others as they are.
void write_buckets(pbf_writer& message, protozero::pbf_tag_type deltas,
                   protozero::pbf_tag_type counts, bool whole, const std::vector<double>& buckets) {
  if (buckets.empty()) return;
  if (!whole) return message.add_packed_double(counts, buckets.begin(), buckets.end());
  std::vector<int64_t> differences;
  int64_t before = 0;
  for (const double bucket : buckets) {
    const auto count = static_cast<int64_t>(bucket);
    differences.push_back(count - before);
    before = count;
  }
  message.add_packed_sint64(deltas, differences.begin(), differences.end());
}

bool is_set(double value) { return value != 0 || std::signbit(value); }

void write_histogram(pbf_writer& message, TimeMs t, const FloatHistogram& h) {
  pbf_writer out(message, 4);
  if (h.integer) {
    out.add_uint64(1, static_cast<uint64_t>(h.count));
  } else {
    out.add_double(2, h.count);
  }
  if (is_set(h.sum)) out.add_double(3, h.sum);
  if (h.schema != 0) out.add_sint32(4, h.schema);
  if (is_set(h.zero_threshold)) out.add_double(5, h.zero_threshold);
  if (h.integer) {
    out.add_uint64(6, static_cast<uint64_t>(h.zero_count));
  } else {
    out.add_double(7, h.zero_count);
  }
  write_spans(out, 8, h.negative_spans);
  write_buckets(out, 9, 10, h.integer, h.negative_buckets);
  write_spans(out, 11, h.positive_spans);
  write_buckets(out, 12, 13, h.integer, h.positive_buckets);
  if (h.counter_reset_hint != CounterResetHint::kUnknown) {
    out.add_enum(14, static_cast<int32_t>(h.counter_reset_hint));
  }
  if (t != 0) out.add_int64(15, t);
  if (!h.custom_values.empty()) {
    out.add_packed_double(16, h.custom_values.begin(), h.custom_values.end());
  }
}

}  // namespace

ReadRequest parse_read_request(std::string_view body) {
  ReadRequest request;
  std::vector<int32_t> accepted;
  try {
    pbf_reader message(body.data(), body.size());
    while (message.next()) {
      switch (message.tag_and_type()) {
        case tag_and_type(1, kBytes):
          request.queries.push_back(read_query(message.get_message()));
          break;
        case tag_and_type(2, kVarint):
          accepted.push_back(message.get_enum());
          break;
        case tag_and_type(2, kBytes):
          for (const int32_t type : message.get_packed_enum()) accepted.push_back(type);
          break;
        default:
          message.skip();
      }
    }
  } catch (const protozero::exception& e) {
    throw Error(ErrorKind::kBadData, std::string("remote read request: ") + e.what());
  }
  request.streamed = wants_stream(accepted);
  return request;
}

void append_chunked_frame(std::string& out, LabelsView labels, std::span<const WireChunk> chunks,
                          size_t query_index) {
  std::string message;
  {
    pbf_writer response(message);
    {
      pbf_writer series(response, 1);
      write_labels(series, labels);
      for (const WireChunk& chunk : chunks) {
        pbf_writer one(series, 2);
        if (chunk.min != 0) one.add_int64(1, chunk.min);
        if (chunk.max != 0) one.add_int64(2, chunk.max);
        one.add_enum(3, chunk.encoding);
        one.add_bytes(4, chunk.bytes.data(), chunk.bytes.size());
      }
    }
    if (query_index != 0) response.add_int64(2, static_cast<int64_t>(query_index));
  }
  ByteWriter frame(out);
  frame.uvarint(message.size());
  frame.be32(crc32c(message));
  out.append(message);
}

void append_time_series(std::string& result, LabelsView labels, const Columns& samples) {
  pbf_writer message(result);
  pbf_writer series(message, 1);
  write_labels(series, labels);
  for (size_t i = 0; i < samples.t.size(); ++i) {
    pbf_writer sample(series, 2);
    if (is_set(samples.v[i])) sample.add_double(1, samples.v[i]);
    if (samples.t[i] != 0) sample.add_int64(2, samples.t[i]);
  }
  for (size_t i = 0; i < samples.histogram_t.size(); ++i) {
    write_histogram(series, samples.histogram_t[i], samples.histograms[i]);
  }
}

void append_query_result(std::string& response, std::string_view result) {
  pbf_writer(response).add_message(1, result.data(), result.size());
}

}  // namespace hearth::remote
