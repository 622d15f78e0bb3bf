// /api/v1/admin/tsdb/...: deletes, cleaning up after them, snapshots. Off without
// --web.enable-admin-api.
#pragma once

#include "web/api.h"

namespace hearth::web {

void api_delete_series(const Exchange& exchange, ApiAnswer& answer);
void api_clean_tombstones(const Exchange& exchange, ApiAnswer& answer);
void api_snapshot(const Exchange& exchange, ApiAnswer& answer);

}  // namespace hearth::web
