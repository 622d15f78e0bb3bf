// Requests that a browser makes because the page of another site told it to.
#pragma once

#include "web/exchange.h"

namespace hearth::web {

// Whether a request that changes something (reload, quit, the admin API, writes) was made by a page of
// another site that --web.cors.origin does not name. Only browsers tell (Sec-Fetch-Site), so no other
// client is touched. The default of --web.cors.origin, which matches any origin, names nobody.
bool made_by_another_site(const Exchange& exchange);

}  // namespace hearth::web
