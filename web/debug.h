// /debug/pprof/...: what tools for Go programs ask, answered with what there is of it here.
#pragma once

#include "web/exchange.h"

namespace hearth::web {

void debug_index(Exchange& exchange);
void debug_profile(Exchange& exchange);

}  // namespace hearth::web
