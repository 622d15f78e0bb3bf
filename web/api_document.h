// What the server tells of its own API: /api/v1/openapi.yaml and /api/v1/features.
#pragma once

#include "web/api.h"

namespace hearth::web {

void openapi_document(Exchange& exchange);
void api_features(const Exchange& exchange, ApiAnswer& answer);

}  // namespace hearth::web
