// Of ours: /api/v1/dashboards, the dashboards of --web.dashboards: *.json files in Grafana's form.
#pragma once

#include "web/api.h"

namespace hearth::web {

void api_dashboards(const Exchange& exchange, ApiAnswer& answer);
void api_dashboard(const Exchange& exchange, ApiAnswer& answer);  // by the name of its file

}  // namespace hearth::web
