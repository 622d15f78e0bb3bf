// POST /api/v1/write: the door of the remote-write receiver.
#pragma once

#include "web/exchange.h"

namespace hearth::web {

void remote_write(Exchange& exchange);

}  // namespace hearth::web
