// What the configuration asks for and Hearth does not do: accepted, but never silently.
#pragma once

#include <string>
#include <vector>

#include "config/schema.h"

namespace hearth {

// One line for each section or field that is set and has no engine. Delete its row with the
// engine's arrival.
void add_section_warnings(const Value& config, std::vector<std::string>& warnings);

// One line for each kind of discovery that is set and that Hearth leaves to others.
void add_scrape_refusals(const Value& scrape, std::vector<std::string>& refusals);

}  // namespace hearth
