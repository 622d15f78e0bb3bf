#include "scraper/metric_family.h"

#include <algorithm>
#include <initializer_list>

namespace hearth {
namespace {

// Without the first of these suffixes that it has.
std::string_view without(std::string_view name, std::initializer_list<std::string_view> suffixes) {
  for (const std::string_view suffix : suffixes) {
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return name;
}

}  // namespace

bool is_of_family(std::string_view metric, std::string_view family, MetricType type) {
  if (!metric.starts_with(family)) return false;
  switch (type) {
    case MetricType::kCounter:  // the text format has the suffix in the family's name as well
      return without(metric, {"_total"}) == without(family, {"_total"});
    case MetricType::kHistogram:
      return without(metric, {"_bucket", "_sum", "_count"}) == family;
    case MetricType::kGaugeHistogram:
      return without(metric, {"_bucket", "_gsum", "_gcount"}) == family;
    case MetricType::kSummary: return without(metric, {"_sum", "_count"}) == family;
    case MetricType::kInfo: return without(metric, {"_info"}) == family;
    default: return metric == family;
  }
}

}  // namespace hearth
