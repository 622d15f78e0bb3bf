// The server about itself: /-/healthy, /-/ready, /-/reload, /-/quit, /metrics, /version.
#pragma once

#include "web/exchange.h"

namespace hearth::web {

void healthy(Exchange& exchange);
void ready(Exchange& exchange);
void reload(Exchange& exchange);
void quit(Exchange& exchange);
void metrics(Exchange& exchange);
void version(Exchange& exchange);

// 503, as everything but health answers until the server is ready.
void answer_not_ready(const Exchange& exchange);

}  // namespace hearth::web
