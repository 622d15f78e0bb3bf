// /api/v1/targets, targets/metadata, metadata, scrape_pools.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "web/api.h"

namespace hearth::web {

void api_targets(const Exchange& exchange, ApiAnswer& answer);
void api_targets_metadata(const Exchange& exchange, ApiAnswer& answer);
void api_metadata(const Exchange& exchange, ApiAnswer& answer);
void api_scrape_pools(const Exchange& exchange, ApiAnswer& answer);
void api_scrape_pool_config(const Exchange& exchange, ApiAnswer& answer);

// What the configuration says of one job, as it is written there; "" where it names none.
std::string scrape_pool_yaml(std::string_view config, const std::string& pool);

// A target's URL as others than this machine reach it: without localhost, which `own` stands for,
// the server's own address; `listening` is what it listens on.
std::string global_url(const std::string& url, std::string_view own, std::string_view listening);

// The parts of those answers, as JSON.
void append_active_target(std::string& out, const TargetStatus& target);
void append_dropped_target(std::string& out, const DroppedTarget& target);
// limits < 0: none.
std::unique_ptr<BodySource> metadata_by_metric(std::vector<TargetMetadata> metadata, int64_t limit,
                                               int64_t limit_per_metric);

}  // namespace hearth::web
