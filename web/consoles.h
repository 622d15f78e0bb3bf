// /consoles/...: as a Prometheus answers that has no console templates.
#pragma once

#include "web/exchange.h"

namespace hearth::web {

void no_console(Exchange& exchange);

}  // namespace hearth::web
