// /api/v1/labels, label/<name>/values, series: what is stored, without samples.
#pragma once

#include "web/api.h"

namespace hearth::web {

void api_labels(const Exchange& exchange, ApiAnswer& answer);
void api_label_values(const Exchange& exchange, ApiAnswer& answer);
void api_series(const Exchange& exchange, ApiAnswer& answer);
void api_drop_series(const Exchange& exchange, ApiAnswer& answer);

}  // namespace hearth::web
