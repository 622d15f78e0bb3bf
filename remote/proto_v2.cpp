// io.prometheus.write.v2.Request.
#include <algorithm>

#include "remote/proto_fields.h"

namespace hearth::remote {
namespace {

constexpr auto kVarint = pbf_wire_type::varint;
constexpr auto kFixed64 = pbf_wire_type::fixed64;
constexpr auto kBytes = pbf_wire_type::length_delimited;

uint32_t count32(size_t count) { return static_cast<uint32_t>(count); }

void append_refs(pbf_reader& message, std::vector<uint32_t>& refs) {
  check_count(refs.size(), 4 * kMaxStrings);
  if (message.wire_type() == kVarint) return refs.push_back(message.get_uint32());
  const data_view packed = message.get_view();
  const char* p = packed.data();
  const char* const end = p + packed.size();
  while (p != end) refs.push_back(static_cast<uint32_t>(protozero::decode_varint(&p, end)));
}

void read_exemplar(data_view bytes, WireRequest& request) {
  check_count(request.exemplars.size(), kMaxParts);
  WireExemplar& exemplar = request.exemplars.emplace_back();
  pbf_reader message(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kVarint):
      case tag_and_type(1, kBytes): append_refs(message, exemplar.label_refs); break;
      case tag_and_type(2, kFixed64): exemplar.value = message.get_double(); break;
      case tag_and_type(3, kVarint): exemplar.t = message.get_int64(); break;
      default: skip_other<1, 2, 3>(message);
    }
  }
}

MetricType metric_type(int32_t wire) {
  switch (wire) {
    case 1: return MetricType::kCounter;
    case 2: return MetricType::kGauge;
    case 3: return MetricType::kHistogram;
    case 4: return MetricType::kGaugeHistogram;
    case 5: return MetricType::kSummary;
    case 6: return MetricType::kInfo;
    case 7: return MetricType::kStateSet;
    default: return MetricType::kUnknown;
  }
}

void read_metadata(pbf_reader message, WireSeries& series) {
  series.has_metadata = true;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kVarint): series.type = metric_type(message.get_int32()); break;
      case tag_and_type(3, kVarint): series.help_ref = message.get_uint32(); break;
      case tag_and_type(4, kVarint): series.unit_ref = message.get_uint32(); break;
      default: skip_other<1, 3, 4>(message);
    }
  }
}

// Over the strings, not their places, which change from request to request.
Hash128 key_of(WireRequest& request, const WireSeries& series) {
  request.gathered.clear();
  for (const uint32_t ref : label_refs(request, series)) {
    if (ref >= request.symbol_keys.size()) return {};  // read_labels() will find it
    request.gathered.push_back(request.symbol_keys[ref]);
  }
  return xxh3_128(request.gathered.data(), request.gathered.size() * sizeof(Hash128),
                  process_seed() + 1);
}

void read_series(data_view bytes, WireRequest& request) {
  check_count(request.series.size(), kMaxParts);
  WireSeries series;
  series.labels.begin = count32(request.label_refs.size());
  series.samples.begin = count32(request.times.size());
  series.histograms.begin = count32(request.histograms.size());
  series.exemplars.begin = count32(request.exemplars.size());
  pbf_reader message(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kVarint):
      case tag_and_type(1, kBytes): append_refs(message, request.label_refs); break;
      case tag_and_type(2, kBytes): read_sample(message.get_view(), request); break;
      case tag_and_type(3, kBytes): read_histogram(message.get_view(), request); break;
      case tag_and_type(4, kBytes): read_exemplar(message.get_view(), request); break;
      case tag_and_type(5, kBytes): read_metadata(message.get_message(), series); break;
      case tag_and_type(6, kVarint): series.created = message.get_int64(); break;
      default: skip_other<1, 2, 3, 4, 5, 6>(message);
    }
  }
  series.labels.end = count32(request.label_refs.size());
  series.samples.end = count32(request.times.size());
  series.histograms.end = count32(request.histograms.size());
  series.exemplars.end = count32(request.exemplars.size());
  request.series.push_back(series);
}

// The symbols may stand behind the series that use them.
void read_parts(std::string_view body, WireRequest& request) {
  pbf_reader message(body.data(), body.size());
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(4, kBytes):
        check_count(request.symbols.size(), kMaxStrings);
        request.symbols.push_back(text_of(message.get_view()));
        break;
      case tag_and_type(5, kBytes): read_series(message.get_view(), request); break;
      default: skip_other<4, 5>(message);
    }
  }
}

// A few bytes of refs can name a long symbol many times over: what a request names is bounded too.
void check_named_bytes(const WireRequest& request, size_t longest) {
  constexpr size_t kMaxNamed = 256u << 20;
  size_t refs = request.label_refs.size() + 2 * request.series.size();  // with help and unit
  for (const WireExemplar& exemplar : request.exemplars) refs += exemplar.label_refs.size();
  if (refs * longest <= kMaxNamed) return;
  size_t named = 0;
  const auto add = [&](const std::vector<uint32_t>& list) {
    for (const uint32_t ref : list) named += ref < request.symbols.size() ? request.symbols[ref].size() : 0;
  };
  add(request.label_refs);
  for (const WireExemplar& exemplar : request.exemplars) add(exemplar.label_refs);
  for (const WireSeries& series : request.series) add({series.help_ref, series.unit_ref});
  if (named > kMaxNamed) {
    throw Error(ErrorKind::kBadData, "remote write request with labels of more than 256 MiB; send fewer series at once");
  }
}

}  // namespace

void read_v2(std::string_view body, WireRequest& request) {
  request.clear();
  request.is_v2 = true;
  try {
    read_parts(body, request);
  } catch (const protozero::exception& e) {
    throw Error(ErrorKind::kBadData, std::string("remote write request: ") + e.what());
  }
  request.symbol_keys.reserve(request.symbols.size());
  size_t longest = 0;
  for (const std::string_view symbol : request.symbols) {
    longest = std::max(longest, symbol.size());
    request.symbol_keys.push_back(xxh3_128(symbol.data(), symbol.size(), process_seed()));
  }
  check_named_bytes(request, longest);
  request.keys.reserve(request.series.size());
  for (const WireSeries& series : request.series) request.keys.push_back(key_of(request, series));
}

}  // namespace hearth::remote
