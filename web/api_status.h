// /api/v1/status/...
#pragma once

#include "web/api.h"

namespace hearth::web {

void api_build_info(const Exchange& exchange, ApiAnswer& answer);
void api_runtime_info(const Exchange& exchange, ApiAnswer& answer);
void api_flags(const Exchange& exchange, ApiAnswer& answer);
void api_config(const Exchange& exchange, ApiAnswer& answer);
void api_tsdb(const Exchange& exchange, ApiAnswer& answer);
void api_tsdb_blocks(const Exchange& exchange, ApiAnswer& answer);
void api_wal_replay(const Exchange& exchange, ApiAnswer& answer);
tsdb::ReplayStatus replay_status(const Services& services);

// The object of buildinfo and /version.
std::string build_info_json(const BuildInfo& build);

}  // namespace hearth::web
