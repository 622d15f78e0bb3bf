// What the configuration asks for and Hearth does not do yet: accepted, but never silently.
#pragma once

#include <string>
#include <vector>

#include "config/schema.h"

namespace hearth {

// One line for each section or field that is set and has no engine. Delete its row with the
// engine's arrival.
void add_section_warnings(const Value& config, std::vector<std::string>& warnings);
void add_scrape_warnings(const Value& scrape, std::vector<std::string>& warnings);

}  // namespace hearth
