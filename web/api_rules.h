// The answers of parts that this server does not have: rules, alerts, notifications, OTLP. Their
// parameters are read all the same, and refused where they are wrong.
#pragma once

#include "web/api.h"

namespace hearth::web {

void api_rules(const Exchange& exchange, ApiAnswer& answer);
void api_alerts(const Exchange& exchange, ApiAnswer& answer);
void api_alertmanagers(const Exchange& exchange, ApiAnswer& answer);
void api_notifications(const Exchange& exchange, ApiAnswer& answer);
// A client that gets 204 does not come back for events.
void api_live_notifications(const Exchange& exchange, ApiAnswer& answer);
void otlp_off(Exchange& exchange);

}  // namespace hearth::web
