// /api/v1/status/queries: what runs now, what each operator of it has done so far, and how it is ended.
#pragma once

#include "web/api.h"

namespace hearth::web {

void api_queries(const Exchange& exchange, ApiAnswer& answer);
void api_running_query(const Exchange& exchange, ApiAnswer& answer);
void api_cancel_query(const Exchange& exchange, ApiAnswer& answer);

}  // namespace hearth::web
