// What the verbs of `query` share: times of their flags, and answers in the form that --format
// says.
#pragma once

#include <functional>
#include <string>

#include "cmd/tool/command_line.h"
#include "cmd/tool/query_output.h"
#include "core/uri.h"

namespace hearth {

// Seconds. Throws Error(kBadData): `error parsing end time: ...`.
double time_or(const CommandInput& input, std::string_view flag, double otherwise,
               const char* what);

// --start, --end and --match as the API takes them.
QueryParameters series_parameters(const CommandInput& input);

// Prints what `show` makes of the data, and warnings to standard error. Returns the exit code; a
// request that fails is told in promtool's words.
int print_answer(const std::function<std::string()>& request,
                 const std::function<std::string(const std::string& data)>& show);

// A result as JSON, CSV or a table; promtool's text for all other formats.
std::string formatted_result(const std::string& format, const std::string& data);

// The same of a range query; drawn for "plot", and below the text on a terminal.
std::string formatted_range(const std::string& format, const std::string& data,
                            double step_seconds);

}  // namespace hearth
