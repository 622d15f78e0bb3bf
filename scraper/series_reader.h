// One body -> Batch, whatever its format is.
#pragma once

#include <string>
#include <vector>

#include "scraper/read_task.h"

namespace hearth {

// Appends the samples to `batch` and the vanished series to `stale`. Fills `counts` as far as it comes.
// Throws Error(kBadData) where the body is malformed or breaks a limit: then the whole scrape fails and
// `batch` is to be thrown away; series that stood in front of that place stay known and are not stale.
// Returns whether comments have vanished.
// Thread-safe for different targets.
bool read_series(const ReadTask& task, Batch& batch, std::vector<SeriesRef>& stale, ReadCounts& counts);

// The families that the comments of a body name, sorted.
std::vector<std::string> families_of(const Body& body, ExpositionFormat format);

}  // namespace hearth
