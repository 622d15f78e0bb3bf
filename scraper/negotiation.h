// Which format is asked for, and which one came. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "scraper/series_reader.h"

namespace hearth {

// The Accept header: the protocols in order of preference, as q-values from 0.6 down. Protobuf is left
// out as long as it cannot be read.
std::string accept_header(const std::vector<ScrapeProtocol>& protocols, const std::string& escaping);

// The format of a body with this Content-Type. Throws Error(kBadData) in Prometheus' words where it is
// blank or unknown and there is no fallback.
ExpositionFormat body_format(std::string_view content_type, std::optional<ScrapeProtocol> fallback);

}  // namespace hearth
