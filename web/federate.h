// /federate: the newest sample of each series that a selector finds, for another Prometheus to
// scrape.
#pragma once

#include "web/exchange.h"

namespace hearth::web {

void federate(Exchange& exchange);

}  // namespace hearth::web
