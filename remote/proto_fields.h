// What both messages of remote write have in common: samples, histograms, and the limits. For the
// .cpp files of remote/proto only: it includes protozero.
#pragma once

#include <cstring>
#include <protozero/pbf_reader.hpp>
#include <string_view>

#include "core/error.h"
#include "remote/proto.h"

namespace hearth::remote {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

inline std::string_view text_of(data_view view) { return {view.data(), view.size()}; }

// Parts of a request that cost us far more memory than their bytes.
inline constexpr size_t kMaxParts = 1'000'000;  // series, histograms and exemplars
inline constexpr size_t kMaxStrings = 4'000'000;  // runs of labels, symbols

inline void check_count(size_t count, size_t limit) {
  if (count < limit) return;
  throw Error(ErrorKind::kBadData, "remote write request with too many parts; send fewer series at once");
}

[[noreturn]] inline void fail_wire_type() {
  throw Error(ErrorKind::kBadData, "remote write request: a field has the wrong wire type");
}

// For what no case takes: a field that we know must have the type that we know.
template <uint32_t... known>
void skip_other(pbf_reader& message) {
  if (((message.tag() == known) || ...)) fail_wire_type();
  message.skip();
}

void read_sample_slowly(data_view bytes, WireRequest& request);

// Appends one sample; senders write it as fixed64 value, varint timestamp, each left out where 0.
inline void read_sample(data_view bytes, WireRequest& request) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  double value = 0;
  uint64_t time = 0;
  if (end - p >= 9 && *p == 0x09) {
    std::memcpy(&value, p + 1, sizeof value);
    p += 9;
  }
  if (p < end && *p == 0x10) {
    ++p;
    time = protozero::decode_varint(&p, end);
  }
  if (p != end || !request.starts.empty()) return read_sample_slowly(bytes, request);
  request.times.push_back(static_cast<TimeMs>(time));
  request.values.push_back(value);
}

void read_histogram(data_view bytes, WireRequest& request);

}  // namespace hearth::remote
