// /api/v1/query, query_range, format_query.
#pragma once

#include "web/api.h"

namespace hearth::web {

void api_query(const Exchange& exchange, ApiAnswer& answer);
void api_query_range(const Exchange& exchange, ApiAnswer& answer);
void api_format_query(const Exchange& exchange, ApiAnswer& answer);

}  // namespace hearth::web
