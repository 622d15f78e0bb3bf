// Checked values -> the structs of config.h.
#pragma once

#include "config/config.h"
#include "config/schema.h"

namespace hearth {

GlobalConfig to_global_config(const Value& global);
StorageConfig to_storage_config(const Value& storage);
ScrapeConfig to_scrape_config(const Value& scrape);  // Requires: completed (validate.h)
HttpClientConfig to_http_client_config(const Value& owner);

}  // namespace hearth
