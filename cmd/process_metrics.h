// What a process tells of itself: process_* as every Prometheus client exposes them.
#pragma once

#include "core/metrics.h"

namespace hearth {

// `registry` then reads /proc/self before each exposition.
void add_process_metrics(Registry& registry);

}  // namespace hearth
