// When targets are scraped, and which time their samples get. Pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/labels.h"

namespace hearth {

// Scrapes of a target happen at times that are `phase` modulo the interval: spread by the target's
// hash, and by server identity (seed) so that two servers do not scrape at the same moment. Phases are
// multiples of a fiftieth of the interval, at most 100 ms: targets that are due together cost half of what
// they cost one by one, for each of those wakes a processor whose caches have forgotten what to do.
DurationMs scrape_phase(uint64_t target_hash, uint64_t seed, DurationMs interval);

// The first time of the schedule at or after `now`.
TimeMs first_scrape(TimeMs now, DurationMs phase, DurationMs interval);

// The next time of the schedule after a scrape that began at `now`, be that a little early or late.
// Times that have been missed are left out.
TimeMs next_scrape(TimeMs now, DurationMs phase, DurationMs interval);

// The scheduled time where `now` is within the tolerance (at most 1 % of the interval) of it, else
// `now`: equal distances between samples are what the storage compresses best.
TimeMs sample_time(TimeMs now, DurationMs phase, DurationMs interval, DurationMs tolerance);

// The identity of this server: its host name and external labels.
uint64_t schedule_seed(const std::string& hostname, LabelsView external_labels);

// FNV-1a, 64 bits.
uint64_t fnv1a(std::string_view text, uint64_t state = 0xcbf29ce484222325);

}  // namespace hearth
