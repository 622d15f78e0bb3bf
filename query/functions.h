// Functions of single values, and what has one value per step: scalars.
#pragma once

#include <functional>
#include <string_view>

#include "query/map_op.h"

namespace hearth::promql {

// abs, ceil, sin, ... : one float in, one out. nullptr when `name` is none.
using FloatFunction = double (*)(double);
FloatFunction find_float_function(std::string_view name);
OperatorPtr make_float_function(FloatFunction function, OperatorPtr child);

// clamp, clamp_min, clamp_max, round; `scalars` are the arguments after the vector.
bool is_bounding_function(std::string_view name);
OperatorPtr make_bounding_function(std::string_view name, OperatorPtr child,
                                   std::vector<OperatorPtr> scalars);

OperatorPtr make_negation(OperatorPtr child);

// timestamp() of what is not a selector: the time of evaluation, where there is a point.
OperatorPtr make_timestamp(OperatorPtr child);

// One series without labels; its value is a function of the time.
OperatorPtr make_per_step(Steps steps, std::function<double(TimeMs)> value);
OperatorPtr make_constant(Steps steps, double value);

// min_of, max_of: of two scalars.
OperatorPtr make_extreme_of(bool max, OperatorPtr left, OperatorPtr right);

// The same values without the name; at once, or with `flagged_only` those whose name was to go at
// the end.
OperatorPtr make_nameless(OperatorPtr child, bool flagged_only);

// No series.
OperatorPtr make_nothing(Steps steps);

// scalar(): the value of the only float at a step, or NaN.
OperatorPtr make_scalar(OperatorPtr child);

// sort, sort_desc, sort_by_label, sort_by_label_desc: the order that an instant query shows.
OperatorPtr make_sort(std::string_view name, OperatorPtr child, std::vector<std::string> labels,
                      PosRange pos);

// The same value at every step: `child` is evaluated at one.
OperatorPtr make_step_invariant(Steps steps, OperatorPtr child);

// ---- time_functions.cpp

// hour, day_of_week, ...: of seconds since the epoch. nullptr when `name` is none.
FloatFunction find_time_function(std::string_view name);

// ---- label_functions.cpp

// `child` is called after the other arguments have been checked, as Prometheus does.
using MakeChild = std::function<OperatorPtr()>;
OperatorPtr make_label_replace(const MakeChild& child, const std::string& to,
                               const std::string& replacement, const std::string& from,
                               const std::string& regex);
OperatorPtr make_label_join(const MakeChild& child, const std::string& to,
                            const std::string& separator, std::vector<std::string> from);

// ---- absent.cpp

// 1 at the steps where no series has a point; the matchers tell its labels.
OperatorPtr make_absent(OperatorPtr child, const std::vector<Matcher>& matchers);

}  // namespace hearth::promql
