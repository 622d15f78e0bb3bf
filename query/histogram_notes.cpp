#include "query/histogram_notes.h"

#include "core/go_text.h"

namespace hearth::promql {

void warn_not_counter(Context& context, std::string_view metric, PosRange pos) {
  context.annotations.warn("this native histogram metric is not a counter: " + go_quote(metric),
                           pos);
}

void warn_not_gauge(Context& context, std::string_view metric, PosRange pos) {
  context.annotations.warn("this native histogram metric is not a gauge: " + go_quote(metric), pos);
}

void warn_mixed_schemas(Context& context, std::string_view metric, PosRange pos) {
  context.annotations.warn(
      "vector contains a mix of histograms with exponential and custom buckets schemas for metric "
      "name " +
          go_quote(metric),
      pos);
}

void warn_resets_collide(Context& context, std::string_view operation, PosRange pos) {
  context.annotations.warn(resets_collide_text(operation), pos);
}

void inform_bounds_reconciled(Context& context, std::string_view operation, PosRange pos) {
  context.annotations.info(bounds_reconciled_text(operation), pos);
}

std::string resets_collide_text(std::string_view operation) {
  return "conflicting counter resets during histogram " + std::string(operation);
}

std::string bounds_reconciled_text(std::string_view operation) {
  return "mismatched custom buckets were reconciled during " + std::string(operation);
}

}  // namespace hearth::promql
