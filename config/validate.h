// Rules between the fields of a section and between sections, and the defaults that depend on
// others. All throw by refuse(), in Prometheus' words.
#pragma once

#include "config/schema.h"

namespace hearth {

void check_global(Value& global);
void check_config(Value& config);

// Fills what a job inherits from `global`, and checks the whole job.
void complete_scrape_config(Value& scrape, const Value& global);

// No target of `static_configs` is a URL. Requires: a struct with the discovery fields.
void check_static_targets(const Value& owner);

}  // namespace hearth
