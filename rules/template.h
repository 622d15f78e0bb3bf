// Texts of labels and annotations: Go's text/template with Prometheus' functions.
#pragma once

#include <memory>
#include <string>

#include "rules/template_functions.h"
#include "rules/template_tree.h"
#include "rules/template_value.h"

namespace hearth::rules {

// Immutable.
class Template {
 public:
  // Throws Error(kBadData) in Go's words.
  Template(const std::string& name, const std::string& text) : tree_(parse_template(name, text)) {}

  // Throws Error(kExecution): "error executing template name: template: name:1:5: executing ...".
  std::string expand(const TemplateData& data, const TemplateWorld& world) const;

 private:
  std::shared_ptr<const TemplateTree> tree_;
};

// One of an alert's labels or annotations: has $labels, $externalLabels, $externalURL and $value.
Template alert_template(const std::string& alert, const std::string& text);

}  // namespace hearth::rules
