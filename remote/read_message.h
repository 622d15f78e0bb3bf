// The messages of remote read: prometheus.ReadRequest, which is read, and the two kinds of answers,
// which are written. protozero, which does both, stays in the .cpp file.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/histogram.h"
#include "core/labels.h"
#include "core/matcher.h"
#include "core/storage.h"

namespace hearth::remote {

struct ReadQuery {
  TimeRange range{0, 0};
  std::vector<Matcher> matchers;
};

struct ReadRequest {
  std::vector<ReadQuery> queries;
  bool streamed = false;  // chunks, one frame after another; else samples, in one message
};

// Throws Error(kBadData) for malformed bytes, matchers that cannot be, and a client that takes no
// kind of answer that there is.
ReadRequest parse_read_request(std::string_view body);

// One chunk, as Prometheus encodes it.
struct WireChunk {
  TimeMs min = 0, max = 0;
  int32_t encoding = 0;  // as chunks name it: 1 XOR, 2 histograms, 3 float histograms
  std::string_view bytes;
};

// Appends a ChunkedReadResponse of one series, framed: its length, its CRC32C, its bytes.
void append_chunked_frame(std::string& out, LabelsView labels, std::span<const WireChunk> chunks,
                          size_t query_index);

// Appends a TimeSeries to a QueryResult.
void append_time_series(std::string& result, LabelsView labels, const Columns& samples);
// Appends a QueryResult to a ReadResponse.
void append_query_result(std::string& response, std::string_view result);

}  // namespace hearth::remote
