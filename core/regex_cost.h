// How much work it is to compile a regular expression, before it is tried: RE2's grows with the
// square of what can be skipped or chosen in a row (a?a?a?..., (a|b)(a|b)...), and nothing can
// interrupt it.
#pragma once

#include <string_view>

namespace hearth {

// About the microseconds that RE2 takes: characters times skippable parts, with what is repeated
// counted as often as it is. A pattern that is not valid has some cost, too.
double regex_cost(std::string_view pattern);

}  // namespace hearth
