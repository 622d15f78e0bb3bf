#include "remote/proto.h"

#include <algorithm>

#include "core/go_text.h"
#include "remote/proto_fields.h"

namespace hearth::remote {
namespace {

constexpr auto kBytes = pbf_wire_type::length_delimited;

Label read_label(pbf_reader message) {
  Label label;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kBytes): label.name = text_of(message.get_view()); break;
      case tag_and_type(2, kBytes): label.value = text_of(message.get_view()); break;
      default: skip_other<1, 2>(message);
    }
  }
  return label;
}

bool is_valid(const Label& label) {
  constexpr size_t kMaxLength = (1u << 24) - 1;  // of the flat form
  if (label.name.empty() || label.name.size() > kMaxLength || label.value.size() > kMaxLength) {
    return false;
  }
  if (label.name == kMetricName && label.value.empty()) return false;
  return valid_utf8(label.name) && valid_utf8(label.value);
}

}  // namespace

void WireRequest::clear() {
  series.clear();
  keys.clear();
  times.clear();
  values.clear();
  starts.clear();
  histograms.clear();
  exemplars.clear();
  label_bytes.clear();
  label_refs.clear();
  symbols.clear();
  symbol_keys.clear();
}

size_t WireRequest::bytes() const {
  return capacity_bytes(series) + capacity_bytes(keys) + capacity_bytes(times) +
         capacity_bytes(values) + capacity_bytes(starts) + capacity_bytes(histograms) +
         capacity_bytes(exemplars) + capacity_bytes(label_bytes) + capacity_bytes(label_refs) +
         capacity_bytes(symbols) + capacity_bytes(symbol_keys) + capacity_bytes(gathered);
}

namespace {

// Appends the labels of a run of fields `labels = 1`.
void append_labels(std::string_view bytes, std::vector<Label>& labels) {
  pbf_reader fields(bytes.data(), bytes.size());
  while (fields.next()) labels.push_back(read_label(fields.get_message()));
}

// Appends the labels of places in the list of symbols.
LabelsFault append_labels(const WireRequest& request, std::span<const uint32_t> refs,
                          std::vector<Label>& labels) {
  LabelsFault fault;
  if (refs.size() % 2 != 0) {
    fault.kind = LabelsFault::Kind::kOddRefs;
    return fault;
  }
  for (size_t i = 0; i < refs.size(); i += 2) {
    if (refs[i] >= request.symbols.size() || refs[i + 1] >= request.symbols.size()) {
      return {LabelsFault::Kind::kUnknownSymbol, refs[i], refs[i + 1], {}};
    }
    labels.push_back({request.symbols[refs[i]], request.symbols[refs[i + 1]]});
  }
  return fault;
}

LabelsFault append_all(const WireRequest& request, std::span<const std::string_view> runs,
                       std::span<const uint32_t> refs, std::vector<Label>& labels) {
  labels.clear();
  LabelsFault fault;
  if (request.is_v2) {
    fault = append_labels(request, refs, labels);
  } else {
    try {
      for (const std::string_view run : runs) append_labels(run, labels);
    } catch (const protozero::exception& e) {
      throw Error(ErrorKind::kBadData, std::string("remote write request: ") + e.what());
    }
  }
  std::stable_sort(labels.begin(), labels.end(),
                   [](const Label& a, const Label& b) { return a.name < b.name; });
  return fault;
}

}  // namespace

std::span<const uint32_t> label_refs(const WireRequest& request, const WireSeries& series) {
  if (!request.is_v2) return {};
  return std::span(request.label_refs).subspan(series.labels.begin, series.labels.size());
}

LabelsFault read_labels(const WireRequest& request, const WireSeries& series,
                        std::vector<Label>& labels) {
  std::span<const std::string_view> runs;
  if (!request.is_v2) {
    runs = std::span(request.label_bytes).subspan(series.labels.begin, series.labels.size());
  }
  LabelsFault fault = append_all(request, runs, label_refs(request, series), labels);
  if (fault.kind != LabelsFault::Kind::kNone) return fault;
  const auto is_name = [](const Label& label) { return label.name == kMetricName; };
  if (std::none_of(labels.begin(), labels.end(), is_name) ||
      !std::all_of(labels.begin(), labels.end(), is_valid)) {
    fault.kind = LabelsFault::Kind::kInvalid;
    return fault;
  }
  const auto twice =
      std::adjacent_find(labels.begin(), labels.end(),
                         [](const Label& a, const Label& b) { return a.name == b.name; });
  if (twice != labels.end()) {
    fault.kind = LabelsFault::Kind::kDuplicate;
    fault.duplicate = twice->name;
  }
  return fault;
}

LabelsFault read_labels(const WireRequest& request, const WireExemplar& exemplar,
                        std::vector<Label>& labels) {
  return append_all(request, exemplar.label_bytes, exemplar.label_refs, labels);
}

void flatten(std::span<const Label> labels, std::string& flat) {
  flat.clear();
  for (const Label& label : labels) {
    if (!label.value.empty()) append_flat_label(flat, label.name, label.value);
  }
}

}  // namespace hearth::remote
