// The functions of templates: those of Go's text/template and those of Prometheus.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/template_value.h"

namespace hearth::rules {

// What functions ask of the world.
struct TemplateWorld {
  std::function<std::vector<TemplateSample>(const std::string& query)> query;  // throws Error
  TimeMs now = 0;
  std::string external_url;
};

enum class ParameterType { kAny, kString, kSample, kSamples };

struct TemplateFunction {
  std::string_view name;
  std::vector<ParameterType> parameters;
  bool variadic = false;  // the last parameter repeats
  // The arguments are as many as wanted, and of the right types. Throws Error(kExecution).
  TemplateValue (*call)(std::span<const TemplateValue> arguments, const TemplateWorld& world);
};

bool is_template_function(std::string_view name);
// nullptr for `and` and `or`, which look at their arguments one by one, and what is none.
const TemplateFunction* find_template_function(std::string_view name);

// The two tables.
std::span<const TemplateFunction> go_functions();
std::span<const TemplateFunction> prometheus_functions();

// fmt.Sprintf and fmt.Sprint.
std::string go_sprintf(std::string_view format, std::span<const TemplateValue> arguments);
std::string go_sprint(std::span<const TemplateValue> arguments);

// Numbers of any kind, and texts of numbers, to a float. Throws Error(kExecution).
double to_float(const TemplateValue& value);

// "1.234k", "1d 2h 3m 4s", "12.3%".
std::string humanize(double value);
std::string humanize_1024(double value);
std::string humanize_duration(double seconds);
std::string humanize_percentage(double ratio);

}  // namespace hearth::rules
