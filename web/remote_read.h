// POST /api/v1/read: the HTTP around remote/read_in.h.
#pragma once

#include "web/exchange.h"

namespace hearth::web {

void remote_read(Exchange& exchange);

}  // namespace hearth::web
