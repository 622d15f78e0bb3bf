// What is told about operations on native histograms, in Prometheus' words.
#pragma once

#include <string>
#include <string_view>

#include "query/context.h"

namespace hearth::promql {

void warn_not_counter(Context& context, std::string_view metric, PosRange pos);
void warn_not_gauge(Context& context, std::string_view metric, PosRange pos);
void warn_mixed_schemas(Context& context, std::string_view metric, PosRange pos);
// `operation`: "addition", "subtraction", "aggregation".
void warn_resets_collide(Context& context, std::string_view operation, PosRange pos);
void inform_bounds_reconciled(Context& context, std::string_view operation, PosRange pos);

// The texts of the last two.
std::string resets_collide_text(std::string_view operation);
std::string bounds_reconciled_text(std::string_view operation);

}  // namespace hearth::promql
