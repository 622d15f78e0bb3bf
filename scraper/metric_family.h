// Which family a series belongs to by its name.
#pragma once

#include <string_view>

#include "core/sample.h"

namespace hearth {

// Whether the series `metric` is one of `family`, which is of this type: "x_bucket" of a histogram "x".
bool is_of_family(std::string_view metric, std::string_view family, MetricType type);

}  // namespace hearth
