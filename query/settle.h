// What a node has computed, in place of what it is made of: so that an expression of many large
// parts holds one of them at a time, as in Prometheus, and the rows of the others.
#pragma once

#include "query/operator.h"

namespace hearth::promql {

// `child`, whose rows are computed by prepare() where its operands then hold much, and more than
// its rows can; after that the operands are gone. Otherwise rows come from `child` as before.
OperatorPtr make_settling(OperatorPtr child);

}  // namespace hearth::promql
