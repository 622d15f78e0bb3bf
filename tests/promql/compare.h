// Compares what a query answered with what a script expects.
#pragma once

#include <string>

#include "query/result.h"
#include "tests/promql/script.h"

namespace hearth::promql::script {

// Equal within 1e-6 relative; NaN equals NaN, but not the stale marker.
bool nearly_equal(double a, double b);
// The hint is compared only where `expected` gives one.
bool nearly_equal(const Value& expected, const FloatHistogram& seen);

// Each returns "" where all is as expected, else what is not.
std::string compare_result(const Eval& eval, const QueryResult& result);
std::string compare_annotations(const Eval& eval, const QueryResult& result);
std::string compare_error(const Eval& eval, const std::string& error);

bool expects_error(const Eval& eval);

}  // namespace hearth::promql::script
