// Checked values -> the structs of config.h.
#pragma once

#include "config/config.h"
#include "config/schema.h"

namespace hearth {

GlobalConfig to_global_config(const Value& global);
StorageConfig to_storage_config(const Value& storage);
ScrapeConfig to_scrape_config(const Value& scrape);  // Requires: completed (validate.h)

// Of a struct that has their fields among its own.
HttpClientConfig to_http_client_config(const Value& owner);
DiscoveryConfigs to_discovery_configs(const Value& owner);

TlsConfig to_tls_config(const Value& tls);
Labels to_labels(const Value& map);

}  // namespace hearth
