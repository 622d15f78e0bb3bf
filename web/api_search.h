// /api/v1/search/...: names and values found by parts of them, best first, as lines of JSON.
#pragma once

#include <string_view>

#include "web/exchange.h"

namespace hearth::web {

void search_metric_names(Exchange& exchange);
void search_label_names(Exchange& exchange);
void search_label_values(Exchange& exchange);

// How well `text` is what was searched for, 0 to 1. 0: not all characters of `term` are there in
// their order.
double subsequence_score(std::string_view text, std::string_view term);
// Jaro-Winkler similarity, 0 to 1.
double jaro_winkler_score(std::string_view a, std::string_view b);

}  // namespace hearth::web
