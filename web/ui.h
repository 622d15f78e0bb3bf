// The pages of web/ui, embedded by ui_assets.S.
#pragma once

#include "web/exchange.h"

namespace hearth::web {

void ui_home(Exchange& exchange);   // / -> /query
void ui_graph(Exchange& exchange);  // /graph -> /query, with its parameters: links of old alerts
void ui_page(Exchange& exchange);   // index.html for every page
void ui_asset(Exchange& exchange);  // what index.html names

}  // namespace hearth::web
