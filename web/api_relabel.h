// /api/v1/targets/relabel_steps: what each rule of a job makes of a label set.
#pragma once

#include <string>

#include "core/relabel.h"
#include "web/api.h"

namespace hearth::web {

void api_relabel_steps(const Exchange& exchange, ApiAnswer& answer);

// A rule as that answer has it, appended as JSON.
void append_relabel_rule(std::string& out, const RelabelRule& rule);

}  // namespace hearth::web
