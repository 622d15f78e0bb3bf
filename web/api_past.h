// Of ours: /api/v1/status/top_queries and /api/v1/status/metric_use, what was asked since the
// start.
#pragma once

#include "web/api.h"

namespace hearth::web {

void api_top_queries(const Exchange& exchange, ApiAnswer& answer);
void api_metric_use(const Exchange& exchange, ApiAnswer& answer);

}  // namespace hearth::web
