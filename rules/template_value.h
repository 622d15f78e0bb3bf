// What templates compute with: the few types of Go that Prometheus' templates can have.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.h"

namespace hearth::rules {

using StringMap = std::map<std::string, std::string>;

// One element of what `query` gives.
struct TemplateSample {
  StringMap labels;
  double value = 0;
  std::string histogram;  // its text, where the value is one
};

class TemplateValue;
using Samples = std::vector<std::shared_ptr<const TemplateSample>>;
using ValueMap = std::map<std::string, TemplateValue>;

struct GoTime {
  int64_t ns = 0;  // since 1970
};
struct GoDuration {
  int64_t ns = 0;
};
struct NoValue {};  // nil
struct HistogramText {
  std::string text;
};

// What a template is run over: .Labels, .ExternalLabels, .ExternalURL, .Value.
struct TemplateData;

// Cheap to copy. Immutable.
class TemplateValue {
 public:
  using Any = std::variant<NoValue, bool, int64_t, double, std::string,
                           std::shared_ptr<const StringMap>, std::shared_ptr<const TemplateSample>,
                           std::shared_ptr<const Samples>, std::shared_ptr<const ValueMap>, GoTime,
                           GoDuration, HistogramText, const TemplateData*>;
  TemplateValue() = default;
  template <class T>
  TemplateValue(T value) : any_(std::move(value)) {}
  TemplateValue(const char* text) : any_(std::string(text)) {}
  TemplateValue(int value) : any_(static_cast<int64_t>(value)) {}

  template <class T>
  const T* as() const {
    return std::get_if<T>(&any_);
  }
  bool is_nothing() const { return as<NoValue>() != nullptr; }

 private:
  Any any_;
};

struct TemplateData {
  StringMap labels, external_labels;
  std::string external_url;
  TemplateValue value;
};

std::string go_type(const TemplateValue& value);     // "float64", "map[string]string"
std::string value_text(const TemplateValue& value);  // Go's %v
bool is_true(const TemplateValue& value);            // what `if` sees
bool is_number(const TemplateValue& value);

std::string go_time_text(GoTime time);  // 2006-01-02 15:04:05.999 +0000 UTC
std::string go_time_text(GoTime time, std::string_view layout);  // time.Format, in UTC
std::string go_duration_text(GoDuration duration);               // 1h2m3.5s

}  // namespace hearth::rules
