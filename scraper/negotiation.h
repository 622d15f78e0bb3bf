// Which format is asked for, and which one came. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "scraper/series_reader.h"

namespace hearth {

// The protocols in order of preference. Where the job says nothing of them protobuf comes first for a target
// that gives native histograms, or `created`: times of creation are wanted.
std::vector<ScrapeProtocol> asked_protocols(const ScrapeConfig& config, const HistogramOptions& options,
                                            bool created);

// The Accept header: the protocols as q-values from 0.6 down.
std::string accept_header(const std::vector<ScrapeProtocol>& protocols, const std::string& escaping);

// The format of a body with this Content-Type. Throws Error(kBadData) in Prometheus' words where it is
// blank or unknown and there is no fallback.
ExpositionFormat body_format(std::string_view content_type, std::optional<ScrapeProtocol> fallback);

}  // namespace hearth
