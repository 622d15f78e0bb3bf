// info(): series with the labels of info metrics of the same target.
#pragma once

#include <vector>

#include "core/matcher.h"
#include "query/operator.h"

namespace hearth::promql {

// `info` gives the times (in seconds) of the newest floats of the info series that may be joined,
// and histograms, which is an error; `matchers` are those of the second argument.
OperatorPtr make_info(OperatorPtr base, OperatorPtr info, std::vector<Matcher> matchers);

// The matchers by which the info series are selected.
std::vector<Matcher> info_matchers(const std::vector<Matcher>& matchers);

}  // namespace hearth::promql
