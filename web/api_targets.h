// /api/v1/targets, targets/metadata, metadata, scrape_pools.
#pragma once

#include <span>
#include <string>

#include "web/api.h"

namespace hearth::web {

void api_targets(const Exchange& exchange, ApiAnswer& answer);
void api_targets_metadata(const Exchange& exchange, ApiAnswer& answer);
void api_metadata(const Exchange& exchange, ApiAnswer& answer);
void api_scrape_pools(const Exchange& exchange, ApiAnswer& answer);

// The parts of those answers, appended as JSON.
void append_active_target(std::string& out, const TargetStatus& target);
void append_dropped_target(std::string& out, const DroppedTarget& target);
// limits < 0: none.
void append_metadata_by_metric(std::string& out, std::span<const TargetMetadata> metadata,
                               int64_t limit, int64_t limit_per_metric);

}  // namespace hearth::web
