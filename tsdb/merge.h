// Joining what the head and several blocks know of the same series.
#pragma once

#include <memory>
#include <vector>

#include "core/storage.h"
#include "tsdb/series_chunks.h"

namespace hearth::tsdb {

// Adds the samples of `more`, keeping the order of time; at equal times those already there stay.
void merge_columns(Columns& columns, Columns& more);  // `more` is used up

// What one source found.
struct SeriesSetPart {
  std::unique_ptr<SeriesSet> set;  // sorted by labels
  TimeMs max_time;                 // no sample of it is newer
};

// One set: series with equal labels become one, the earlier part's samples winning at equal times.
// `limit` 0 = all.
std::unique_ptr<SeriesSet> merge_series_sets(std::vector<SeriesSetPart> parts, size_t limit,
                                             Budget& budget);

// One walk over all. Chunks that overlap no other are passed on as they are, others are merged
// sample by sample and encoded anew.
std::unique_ptr<SeriesChunks> merge_series_chunks(std::vector<std::unique_ptr<SeriesChunks>> parts);

}  // namespace hearth::tsdb
