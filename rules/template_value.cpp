#include "rules/template_value.h"

#include <fmt/format.h>

#include "core/go_text.h"

namespace hearth::rules {
namespace {

template <class Map, class Text>
std::string map_text(const Map& map, Text text) {
  std::string out = "map[";
  for (const auto& [key, value] : map) {
    out += (out.size() > 4 ? " " : "") + key + ":" + text(value);
  }
  return out + "]";
}
std::string string_map_text(const StringMap& map) {
  return map_text(map, [](const std::string& value) { return value; });
}

}  // namespace

std::string go_type(const TemplateValue& value) {
  if (value.is_nothing()) return "<nil>";
  if (value.as<bool>()) return "bool";
  if (value.as<int64_t>()) return "int";
  if (value.as<double>()) return "float64";
  if (value.as<std::string>()) return "string";
  if (value.as<std::shared_ptr<const StringMap>>()) return "map[string]string";
  if (value.as<std::shared_ptr<const TemplateSample>>()) return "*template.sample";
  if (value.as<std::shared_ptr<const Samples>>()) return "template.queryResult";
  if (value.as<std::shared_ptr<const ValueMap>>()) return "map[string]interface {}";
  if (value.as<GoTime>()) return "*time.Time";
  if (value.as<GoDuration>()) return "*time.Duration";
  if (value.as<HistogramText>()) return "*histogram.FloatHistogram";
  return "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL "
         "string; Value interface {} }";
}

std::string value_text(const TemplateValue& value) {
  if (const auto* v = value.as<bool>()) return *v ? "true" : "false";
  if (const auto* v = value.as<int64_t>()) return std::to_string(*v);
  if (const auto* v = value.as<double>()) return float_g(*v);
  if (const auto* v = value.as<std::string>()) return *v;
  if (const auto* v = value.as<std::shared_ptr<const StringMap>>()) return string_map_text(**v);
  if (const auto* v = value.as<std::shared_ptr<const TemplateSample>>()) {
    return "&{" + string_map_text((*v)->labels) + " " +
           ((*v)->histogram.empty() ? float_g((*v)->value) : (*v)->histogram) + "}";
  }
  if (const auto* v = value.as<std::shared_ptr<const Samples>>()) {
    std::string out = "[";
    for (const auto& sample : **v) {
      out += (out.size() > 1 ? " " : "") + fmt::format("{}", fmt::ptr(sample.get()));
    }
    return out + "]";
  }
  if (const auto* v = value.as<std::shared_ptr<const ValueMap>>()) {
    return map_text(**v, [](const TemplateValue& item) { return value_text(item); });
  }
  if (const auto* v = value.as<GoTime>()) return go_time_text(*v);
  if (const auto* v = value.as<GoDuration>()) return go_duration_text(*v);
  if (const auto* v = value.as<HistogramText>()) return v->text;
  if (const auto* v = value.as<const TemplateData*>()) {
    return "{" + string_map_text((*v)->labels) + " " + string_map_text((*v)->external_labels) +
           " " + (*v)->external_url + " " + value_text((*v)->value) + "}";
  }
  return "<no value>";
}

bool is_true(const TemplateValue& value) {
  if (const auto* v = value.as<bool>()) return *v;
  if (const auto* v = value.as<int64_t>()) return *v != 0;
  if (const auto* v = value.as<double>()) return *v != 0;
  if (const auto* v = value.as<std::string>()) return !v->empty();
  if (const auto* v = value.as<std::shared_ptr<const StringMap>>()) return !(*v)->empty();
  if (const auto* v = value.as<std::shared_ptr<const Samples>>()) return !(*v)->empty();
  if (const auto* v = value.as<std::shared_ptr<const ValueMap>>()) return !(*v)->empty();
  return !value.is_nothing();
}

bool is_number(const TemplateValue& value) {
  return value.as<int64_t>() != nullptr || value.as<double>() != nullptr;
}

}  // namespace hearth::rules
