// /api/v1/status/self_metrics: what /metrics says, as JSON in the form of the protobuf messages.
#pragma once

#include <string>
#include <string_view>

#include "core/regex.h"
#include "web/api.h"

namespace hearth::web {

void api_self_metrics(const Exchange& exchange, ApiAnswer& answer);

// Appends the families of an exposition in the text format whose names match; nullptr: all.
// Requires: as Registry::text() writes it.
void append_families_json(std::string& out, std::string_view exposition, const Regex* names);

}  // namespace hearth::web
