// What is wrong with a request, in Prometheus' words.
#include <fmt/format.h>

#include "core/log.h"
#include "remote/write_batch.h"

namespace hearth::remote {
namespace {

constexpr size_t kMaxFaultBytes = 1 << 20;  // of texts in one answer

}  // namespace

bool WriteBatch::has_room_for_faults() const { return fault_bytes_ < kMaxFaultBytes; }

void WriteBatch::add_fault(uint32_t series, uint32_t kind, uint32_t position, std::string text) {
  if (!has_room_for_faults()) {
    ++result_.more_faults;
    return;
  }
  if (text.size() > kMaxFaultBytes) text.resize(kMaxFaultBytes);
  fault_bytes_ += text.size();
  faults_.push_back({series, kind, position, std::move(text)});
}

void WriteBatch::add_fault_of_labels(uint32_t index, const LabelsFault& fault) {
  const WireSeries& series = request_->series[index];
  ++result_.invalid_series;
  result_.invalid_samples += series.samples.size() + series.histograms.size();
  if (!request_->is_v2) {
    if (result_.invalid_series == 1) {
      log_warn("Invalid labels in a remote write request", "series", series_text(index));
    }
    return;
  }
  if (!has_room_for_faults()) return add_fault(index, kLabels, 0, "");
  const auto refs = [&] {
    return fmt::format("parsing labels for series [{}]: ", fmt::join(label_refs(*request_, series), " "));
  };
  switch (fault.kind) {
    case LabelsFault::Kind::kOddRefs:
      return add_fault(index, kLabels, 0,
                       refs() + fmt::format("invalid labelRefs length {}", series.labels.size()));
    case LabelsFault::Kind::kUnknownSymbol:
      return add_fault(index, kLabels, 0,
                       refs() + fmt::format("labelRefs {} (name) = {} (value) outside of symbols table (size {})",
                                            fault.name_ref, fault.value_ref, request_->symbols.size()));
    case LabelsFault::Kind::kDuplicate:
      return add_fault(index, kLabels, 0,
                       fmt::format("invalid labels for series, labels {}, duplicated label {}",
                                   series_text(index), fault.duplicate));
    case LabelsFault::Kind::kInvalid:
    case LabelsFault::Kind::kNone: break;
  }
  add_fault(index, kLabels, 0, "invalid metric name or labels, got " + series_text(index));
}

std::string WriteBatch::series_text(uint32_t index) const {
  if (!has_room_for_faults()) return {};
  std::vector<Label> labels;
  (void)read_labels(*request_, request_->series[index], labels);
  std::string flat;
  for (const Label& label : labels) append_flat_label(flat, label.name, label.value);
  return labels_text(LabelsView(flat));
}

}  // namespace hearth::remote
