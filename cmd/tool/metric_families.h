// Metrics in the text format, gathered by family: what `check metrics` and `push metrics` read.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/labels.h"
#include "core/sample.h"

namespace hearth {

struct FamilySample {
  Labels labels;  // with __name__
  double value = 0;
  std::optional<TimeMs> t;
};

struct ReadFamily {
  MetricType type = MetricType::kUnknown;
  bool has_help = false;
  std::string help;
  std::vector<FamilySample> samples;
};

// By name. Throws Error(kBadData): "text format parsing error in line 2: ...".
std::map<std::string, ReadFamily> read_families(const std::string& text);

}  // namespace hearth
