// /api/v1/query_exemplars: the exemplars of the series that an expression reads.
#pragma once

#include "web/api.h"

namespace hearth::web {

void api_query_exemplars(const Exchange& exchange, ApiAnswer& answer);

}  // namespace hearth::web
