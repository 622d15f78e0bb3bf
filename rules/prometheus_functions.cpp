// The functions that Prometheus adds to templates.
#include <algorithm>
#include <cmath>

#include "config/scalar.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/uri.h"
#include "rules/template_functions.h"
#include "rules/text_functions.h"

namespace hearth::rules {
namespace {

using Arguments = std::span<const TemplateValue>;
using Type = ParameterType;

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kExecution, text); }

const std::string& text(const TemplateValue& value) { return *value.as<std::string>(); }
const TemplateSample& sample(const TemplateValue& value) {
  return **value.as<std::shared_ptr<const TemplateSample>>();
}
const Samples& samples(const TemplateValue& value) {
  return **value.as<std::shared_ptr<const Samples>>();
}

TemplateValue query(Arguments a, const TemplateWorld& world) {
  auto out = std::make_shared<Samples>();
  for (TemplateSample& found : world.query(text(a[0]))) {
    out->push_back(std::make_shared<const TemplateSample>(std::move(found)));
  }
  return std::shared_ptr<const Samples>(std::move(out));
}

TemplateValue first(Arguments a, const TemplateWorld&) {
  if (samples(a[0]).empty()) fail("first() called on vector with no elements");
  return samples(a[0]).front();
}

TemplateValue label(Arguments a, const TemplateWorld&) {
  const StringMap& labels = sample(a[1]).labels;
  const auto found = labels.find(text(a[0]));
  return found == labels.end() ? std::string() : found->second;
}
TemplateValue value(Arguments a, const TemplateWorld&) { return sample(a[0]).value; }
TemplateValue strvalue(Arguments a, const TemplateWorld&) {
  const StringMap& labels = sample(a[0]).labels;
  const auto found = labels.find("__value__");
  return found == labels.end() ? std::string() : found->second;
}

TemplateValue sort_by_label(Arguments a, const TemplateWorld&) {
  auto sorted = std::make_shared<Samples>(samples(a[1]));
  const std::string& name = text(a[0]);
  const auto key = [&](const auto& item) {
    const auto found = item->labels.find(name);
    return found == item->labels.end() ? std::string() : found->second;
  };
  std::stable_sort(sorted->begin(), sorted->end(),
                   [&](const auto& x, const auto& y) { return key(x) < key(y); });
  return std::shared_ptr<const Samples>(std::move(sorted));
}

TemplateValue args(Arguments a, const TemplateWorld&) {
  auto out = std::make_shared<ValueMap>();
  for (size_t i = 0; i < a.size(); ++i) out->emplace("arg" + std::to_string(i), a[i]);
  return std::shared_ptr<const ValueMap>(std::move(out));
}

// strings.Title: the first letter of each word.
std::string title(const std::string& text) {
  std::string out = text;
  bool inside = false;
  for (char& c : out) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool letter = lower || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                        c == '\'' || (c & 0x80) != 0;
    if (lower && !inside) c = static_cast<char>(c - 'a' + 'A');
    inside = letter;
  }
  return out;
}
std::string mapped(const std::string& text, char from, char to) {
  std::string out = text;
  for (char& c : out) {
    if (c >= from && c <= from + 25) c = static_cast<char>(c - from + to);
  }
  return out;
}

std::string link(const std::string& expression, const std::string& tab) {
  return "/graph?g0.expr=" + query_escape(expression) + "&g0.tab=" + tab;
}

TemplateValue humanize_timestamp(Arguments a, const TemplateWorld&) {
  const double seconds = to_float(a[0]);
  if (!std::isfinite(seconds)) return std::isnan(seconds) ? "NaN" : seconds > 0 ? "+Inf" : "-Inf";
  const double ns = seconds * 1e9;
  if (std::fabs(ns) > 9223372036854774784.0) {
    fail(float_g(seconds) +
         " cannot be represented as a nanoseconds timestamp since it overflows int64");
  }
  return go_time_text(GoTime{static_cast<int64_t>(ns) / 1'000'000 * 1'000'000});
}

TemplateValue to_time(Arguments a, const TemplateWorld&) {
  const double ns = to_float(a[0]) * 1e9;
  if (!(std::fabs(ns) <= 9223372036854774784.0)) {
    fail(float_g(ns / 1e9) +
         " cannot be represented as a nanoseconds timestamp since it overflows int64");
  }
  return GoTime{static_cast<int64_t>(ns) / 1'000'000 * 1'000'000};
}
TemplateValue to_duration(Arguments a, const TemplateWorld&) {
  const double ns = to_float(a[0]) * 1e9;
  if (!(std::fabs(ns) <= 9223372036854774784.0)) {
    fail(float_g(ns / 1e9) + " cannot be represented as a duration since it overflows int64");
  }
  return GoDuration{static_cast<int64_t>(ns)};
}

TemplateValue parse_duration_text(Arguments a, const TemplateWorld&) {
  try {
    return static_cast<double>(parse_duration(text(a[0]))) / 1000;
  } catch (const Error& error) {
    fail(error.what());
  }
}

std::string path_of(const std::string& url) {
  const std::string rest = parse_url(url).rest;
  return rest.substr(0, rest.find_first_of("?#"));
}

const std::vector<TemplateFunction>& table() {
  static const std::vector<TemplateFunction> functions = {
      {"query", {Type::kString}, false, query},
      {"first", {Type::kSamples}, false, first},
      {"label", {Type::kString, Type::kSample}, false, label},
      {"value", {Type::kSample}, false, value},
      {"strvalue", {Type::kSample}, false, strvalue},
      {"sortByLabel", {Type::kString, Type::kSamples}, false, sort_by_label},
      {"args", {Type::kAny}, true, args},
      {"reReplaceAll",
       {Type::kString, Type::kString, Type::kString},
       false,
       [](Arguments a, const TemplateWorld&) {
         return TemplateValue(replace_all(text(a[0]), text(a[1]), text(a[2])));
       }},
      {"match",
       {Type::kString, Type::kString},
       false,
       [](Arguments a, const TemplateWorld&) {
         return TemplateValue(found_in(text(a[0]), text(a[1])));
       }},
      {"safeHtml", {Type::kString}, false, [](Arguments a, const TemplateWorld&) { return a[0]; }},
      {"title",
       {Type::kString},
       false,
       [](Arguments a, const TemplateWorld&) { return TemplateValue(title(text(a[0]))); }},
      {"toUpper",
       {Type::kString},
       false,
       [](Arguments a, const TemplateWorld&) {
         return TemplateValue(mapped(text(a[0]), 'a', 'A'));
       }},
      {"toLower",
       {Type::kString},
       false,
       [](Arguments a, const TemplateWorld&) {
         return TemplateValue(mapped(text(a[0]), 'A', 'a'));
       }},
      {"graphLink",
       {Type::kString},
       false,
       [](Arguments a, const TemplateWorld&) { return TemplateValue(link(text(a[0]), "0")); }},
      {"tableLink",
       {Type::kString},
       false,
       [](Arguments a, const TemplateWorld&) { return TemplateValue(link(text(a[0]), "1")); }},
      {"stripPort",
       {Type::kString},
       false,
       [](Arguments a, const TemplateWorld&) { return TemplateValue(strip_port(text(a[0]))); }},
      {"stripDomain",
       {Type::kString},
       false,
       [](Arguments a, const TemplateWorld&) { return TemplateValue(strip_domain(text(a[0]))); }},
      {"humanize",
       {Type::kAny},
       false,
       [](Arguments a, const TemplateWorld&) { return TemplateValue(humanize(to_float(a[0]))); }},
      {"humanize1024",
       {Type::kAny},
       false,
       [](Arguments a, const TemplateWorld&) {
         return TemplateValue(humanize_1024(to_float(a[0])));
       }},
      {"humanizeDuration",
       {Type::kAny},
       false,
       [](Arguments a, const TemplateWorld&) {
         return TemplateValue(humanize_duration(to_float(a[0])));
       }},
      {"humanizePercentage",
       {Type::kAny},
       false,
       [](Arguments a, const TemplateWorld&) {
         return TemplateValue(humanize_percentage(to_float(a[0])));
       }},
      {"humanizeTimestamp", {Type::kAny}, false, humanize_timestamp},
      {"toTime", {Type::kAny}, false, to_time},
      {"toDuration", {Type::kAny}, false, to_duration},
      {"now",
       {},
       false,
       [](Arguments, const TemplateWorld& world) {
         return TemplateValue(static_cast<double>(world.now) / 1000);
       }},
      {"parseDuration", {Type::kString}, false, parse_duration_text},
      {"pathPrefix",
       {},
       false,
       [](Arguments, const TemplateWorld& world) {
         return TemplateValue(path_of(world.external_url));
       }},
      {"externalURL",
       {},
       false,
       [](Arguments, const TemplateWorld& world) { return TemplateValue(world.external_url); }},
      {"urlQueryEscape", {Type::kString}, false, [](Arguments a, const TemplateWorld&) {
         return TemplateValue(query_escape(text(a[0])));
       }}};
  return functions;
}

}  // namespace

std::span<const TemplateFunction> prometheus_functions() { return table(); }

double to_float(const TemplateValue& value) {
  if (const auto* v = value.as<double>()) return *v;
  if (const auto* v = value.as<int64_t>()) return static_cast<double>(*v);
  if (const auto* v = value.as<GoDuration>()) return static_cast<double>(v->ns) / 1e9;
  if (const auto* v = value.as<std::string>()) {
    if (const auto number = parse_go_float(*v)) return *number;
    fail("strconv.ParseFloat: parsing " + go_quote(*v) + ": invalid syntax");
  }
  fail("can't convert " + go_type(value) + " to float");
}

}  // namespace hearth::rules
