// prometheus.WriteRequest.
#include "remote/proto_fields.h"

namespace hearth::remote {
namespace {

constexpr auto kVarint = pbf_wire_type::varint;
constexpr auto kFixed64 = pbf_wire_type::fixed64;
constexpr auto kBytes = pbf_wire_type::length_delimited;

uint32_t count32(size_t count) { return static_cast<uint32_t>(count); }

// Adds the field that ends at `end` and is a label to the run of labels before it, or begins a new
// run. `from` is where the field began.
void extend_run(std::vector<std::string_view>& runs, size_t first, const char* from, const char* end) {
  if (runs.size() > first && runs.back().data() + runs.back().size() == from) {
    runs.back() = {runs.back().data(), static_cast<size_t>(end - runs.back().data())};
  } else {
    check_count(runs.size(), kMaxStrings);
    runs.emplace_back(from, static_cast<size_t>(end - from));
  }
}

// Where the labels end that a series begins with: everybody writes all of them there.
const char* end_of_labels(data_view bytes) {
  constexpr char kLabelField = 1 << 3 | 2;
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  while (p != end && *p == kLabelField) {
    ++p;
    const uint64_t length = protozero::decode_varint(&p, end);
    if (length > static_cast<uint64_t>(end - p)) throw protozero::end_of_buffer_exception();
    p += length;
  }
  return p;
}

void read_exemplar(data_view bytes, WireRequest& request) {
  check_count(request.exemplars.size(), kMaxParts);
  WireExemplar& exemplar = request.exemplars.emplace_back();
  pbf_reader message(bytes);
  for (const char* from = bytes.data(); message.next(); from = message.data().data()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kBytes):
        message.skip();
        extend_run(exemplar.label_bytes, 0, from, message.data().data());
        break;
      case tag_and_type(2, kFixed64): exemplar.value = message.get_double(); break;
      case tag_and_type(3, kVarint): exemplar.t = message.get_int64(); break;
      default: skip_other<1, 2, 3>(message);
    }
  }
}

// Of one run, which is how everybody writes it, the bytes themselves.
Hash128 key_of(const WireRequest& request, const WireSeries& series, std::string& joined) {
  const auto* const first = request.label_bytes.data() + series.labels.begin;
  if (series.labels.size() == 1) return xxh3_128(first->data(), first->size(), process_seed());
  joined.clear();
  for (uint32_t i = 0; i < series.labels.size(); ++i) joined.append(first[i]);
  return xxh3_128(joined.data(), joined.size(), process_seed());
}

void read_series(data_view bytes, WireRequest& request, std::string& joined) {
  check_count(request.series.size(), kMaxParts);
  WireSeries series;
  series.labels.begin = count32(request.label_bytes.size());
  series.samples.begin = count32(request.times.size());
  series.histograms.begin = count32(request.histograms.size());
  series.exemplars.begin = count32(request.exemplars.size());
  const char* from = end_of_labels(bytes);
  if (from != bytes.data()) extend_run(request.label_bytes, series.labels.begin, bytes.data(), from);
  pbf_reader message(from, static_cast<size_t>(bytes.data() + bytes.size() - from));
  for (; message.next(); from = message.data().data()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kBytes):
        message.skip();
        extend_run(request.label_bytes, series.labels.begin, from, message.data().data());
        break;
      case tag_and_type(2, kBytes): read_sample(message.get_view(), request); break;
      case tag_and_type(3, kBytes): read_exemplar(message.get_view(), request); break;
      case tag_and_type(4, kBytes): read_histogram(message.get_view(), request); break;
      default: skip_other<1, 2, 3, 4>(message);
    }
  }
  series.labels.end = count32(request.label_bytes.size());
  series.samples.end = count32(request.times.size());
  series.histograms.end = count32(request.histograms.size());
  series.exemplars.end = count32(request.exemplars.size());
  request.keys.push_back(key_of(request, series, joined));
  request.series.push_back(series);
}

}  // namespace

void read_v1(std::string_view body, WireRequest& request) {
  request.clear();
  request.is_v2 = false;
  std::string joined;
  try {
    pbf_reader message(body.data(), body.size());
    while (message.next()) {
      switch (message.tag_and_type()) {
        case tag_and_type(1, kBytes): read_series(message.get_view(), request, joined); break;
        default: skip_other<1>(message);  // 3: metadata, which Prometheus does not keep either
      }
    }
  } catch (const protozero::exception& e) {
    throw Error(ErrorKind::kBadData, std::string("remote write request: ") + e.what());
  }
}

}  // namespace hearth::remote
