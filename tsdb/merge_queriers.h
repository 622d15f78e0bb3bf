// Several queriers (the head's, the blocks') as one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/storage.h"

namespace hearth::tsdb {

struct QuerierPart {
  std::unique_ptr<Querier> querier;
  TimeRange covers;  // it has no samples outside
};

// Parts that cover nothing of what is asked are not asked. Where two have a sample of the same
// series and time, the earlier part's counts. `missing`: what there is no part for, as warnings.
std::unique_ptr<Querier> merge_queriers(std::vector<QuerierPart> parts,
                                        std::vector<std::string> missing = {});

}  // namespace hearth::tsdb
