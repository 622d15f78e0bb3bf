// From the labels that a line exposes to the labels of its series.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/config.h"
#include "core/error.h"
#include "core/labels.h"

namespace hearth {

// A series breaks label_limit, label_name_length_limit or label_value_length_limit.
class LabelLimitError : public Error {
 public:
  explicit LabelLimitError(const std::string& text) : Error(ErrorKind::kBadData, text) {}
};

// Joins exposed labels with the target's (honor_labels decides conflicts: else the exposed one becomes
// exported_<name>), then applies metric_relabel_configs. Returns false when the line is dropped. Throws
// Error(kBadData) in Prometheus' words for names that cannot be stored, LabelLimitError for limits.
bool sample_labels(std::span<const Label> exposed, LabelsView target, const ScrapeConfig& config,
                   LabelsBuilder& out);

// Of the series that a scrape makes itself: name and target labels, nothing else. A target label
// exported_x gives way to a target label x that comes after it, as Prometheus has it.
Labels report_labels(std::string_view name, LabelsView target);

}  // namespace hearth
