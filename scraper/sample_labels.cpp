#include "scraper/sample_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/go_text.h"
#include "core/relabel.h"

namespace hearth {
namespace {

constexpr size_t kShown = 50;  // bytes of a name or value that a limit's error text shows

std::string_view cut(std::string_view text) { return text.substr(0, kShown); }

// Requires: `exposed` is in the builder, target labels have replaced what they conflict with.
void export_conflicts(std::vector<Label> conflicts, LabelsBuilder& out) {
  std::stable_sort(conflicts.begin(), conflicts.end(),
                   [](const Label& a, const Label& b) { return a.name.size() < b.name.size(); });
  for (const Label& label : conflicts) {
    std::string name(label.name);
    do name.insert(0, "exported_");
    while (!out.get(name).empty());
    out.set(name, label.value);
  }
}

void check_names(const LabelsBuilder& labels, const ScrapeConfig& config) {
  const bool legacy = config.metric_name_validation_scheme == "legacy";
  const auto valid = [&](const std::string& name, const std::string& value) {
    if (name == kMetricName) return legacy ? is_legacy_metric_name(value) : valid_utf8(value);
    return (legacy ? is_legacy_label_name(name) : !name.empty() && valid_utf8(name)) &&
           valid_utf8(value);
  };
  for (const auto& [name, value] : labels.labels()) {
    if (!valid(name, value)) {
      throw Error(ErrorKind::kBadData,
                  "invalid metric name or label names: " + labels_text(labels.build()));
    }
  }
}

void check_limits(const LabelsBuilder& labels, const ScrapeConfig& config) {
  const std::string_view metric = cut(labels.get(kMetricName));
  const size_t count = labels.labels().size();
  if (config.label_limit > 0 && count > config.label_limit) {
    throw LabelLimitError(
        fmt::format("label_limit exceeded (metric: {}, number of labels: {}, limit: {})", metric, count,
                    config.label_limit));
  }
  for (const auto& [name, value] : labels.labels()) {
    if (config.label_name_length_limit > 0 && name.size() > config.label_name_length_limit) {
      throw LabelLimitError(fmt::format(
          "label_name_length_limit exceeded (metric: {}, label name: {}, length: {}, limit: {})", metric,
          cut(name), name.size(), config.label_name_length_limit));
    }
    if (config.label_value_length_limit > 0 && value.size() > config.label_value_length_limit) {
      throw LabelLimitError(
          fmt::format("label_value_length_limit exceeded (metric: {}, label name: {}, value: {}, "
                      "length: {}, limit: {})",
                      metric, cut(name), go_quote(cut(value)), value.size(),
                      config.label_value_length_limit));
    }
  }
}

constexpr size_t kFewLabels = 32;  // up to here quadratic steps are the fastest

void set_exposed(std::span<const Label> exposed, LabelsBuilder& out) {
  if (exposed.size() <= kFewLabels) {
    out.reset({});
    for (const Label& label : exposed) out.set(label.name, label.value);
    return;
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Label& label : exposed) pairs.emplace_back(label.name, label.value);
  out.reset(Labels::from_pairs(std::move(pairs)));
}

void check_unique(std::span<const Label> exposed) {
  const auto fail = [](std::string_view name) {
    throw Error(ErrorKind::kBadData,
                fmt::format("label name {} is not unique: invalid sample", go_quote(name)));
  };
  if (exposed.size() <= kFewLabels) {
    for (size_t i = 1; i < exposed.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (exposed[i].name == exposed[j].name) fail(exposed[i].name);
      }
    }
    return;
  }
  std::vector<std::string_view> names;
  for (const Label& label : exposed) names.push_back(label.name);
  std::sort(names.begin(), names.end());
  const auto same = std::adjacent_find(names.begin(), names.end());
  if (same != names.end()) fail(*same);
}

}  // namespace

bool sample_labels(std::span<const Label> exposed, LabelsView target, const ScrapeConfig& config,
                   LabelsBuilder& out) {
  set_exposed(exposed, out);
  const auto is_exposed = [&](std::string_view name) {
    return std::any_of(exposed.begin(), exposed.end(), [&](const Label& l) { return l.name == name; });
  };
  if (config.honor_labels) {
    // An exposed empty label keeps the target's away, too.
    for (const Label& label : target) {
      if (!is_exposed(label.name)) out.set(label.name, label.value);
    }
  } else {
    std::vector<Label> conflicts;
    for (const Label& label : target) {
      for (const Label& other : exposed) {
        if (other.name == label.name && !other.value.empty()) {
          conflicts.push_back(other);
          break;
        }
      }
      out.set(label.name, label.value);
    }
    export_conflicts(std::move(conflicts), out);
  }
  if (!config.metric_relabel_configs.empty() && !relabel(config.metric_relabel_configs, out)) return false;
  if (out.labels().empty()) return false;
  if (out.get(kMetricName).empty()) {
    throw Error(ErrorKind::kBadData, "missing metric name (__name__ label)");
  }
  check_names(out, config);
  check_limits(out, config);
  check_unique(exposed);
  return true;
}

Labels report_labels(std::string_view name, LabelsView target) {
  LabelsBuilder builder;
  builder.set(kMetricName, name);
  for (const Label& label : target) {
    builder.erase(fmt::format("exported_{}", label.name));
    builder.set(label.name, label.value);
  }
  return builder.build();
}

}  // namespace hearth
