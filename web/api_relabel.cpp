#include "web/api_relabel.h"

#include <nlohmann/json.hpp>

#include <memory>

#include "core/error.h"
#include "core/go_text.h"
#include "core/json.h"

namespace hearth::web {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

std::string required(const Exchange& exchange, const std::string& name) {
  std::string text = exchange.param(name);
  if (text.empty()) refuse("no " + name + " parameter provided");
  return text;
}

Labels parse_labels(const std::string& text) {
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (parsed.is_discarded()) refuse("error parsing labels: " + go_quote(text) + " is not JSON");
  if (!parsed.is_object())
    refuse("error parsing labels: a JSON object is needed, not " + go_quote(text));
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : parsed.items()) {
    if (!value.is_string())
      refuse("error parsing labels: the value of " + go_quote(name) + " is not a string");
    pairs.emplace_back(name, value.get<std::string>());
  }
  return Labels::from_pairs(std::move(pairs));
}

// Appends fields that are set; each puts its own comma.
class Fields {
 public:
  explicit Fields(std::string& out) : out_(out), comma_(out) {}
  std::string& begin(std::string_view name) {
    comma_.next();
    append_json_string(out_, name);
    out_.push_back(':');
    return out_;
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) append_json_string(begin(name), value);
  }

 private:
  std::string& out_;
  Comma comma_;
};

}  // namespace

void append_relabel_rule(std::string& out, const RelabelRule& rule) {
  out.push_back('{');
  Fields fields(out);
  if (!rule.source_labels.empty())
    append_json_strings(fields.begin("source_labels"), rule.source_labels);
  fields.text("separator", rule.separator);
  fields.text("regex", rule.regex_text);
  if (rule.modulus != 0) fields.begin("modulus").append(std::to_string(rule.modulus));
  fields.text("target_label", rule.target_label);
  fields.text("replacement", rule.replacement);
  fields.text("action", relabel_action_name(rule.action));
  out.push_back('}');
}

void api_relabel_steps(const Exchange& exchange, ApiAnswer& answer) {
  const std::string pool = required(exchange, "scrapePool");
  LabelsBuilder labels(parse_labels(required(exchange, "labels")));
  const std::shared_ptr<const ScrapeConfig> config = exchange.services.scraper->pool_config(pool);
  if (config == nullptr)
    refuse("error getting scrape config: scrape pool " + go_quote(pool) + " not found");
  std::string& out = answer.data;
  out += "{\"steps\":[";
  Comma comma(out);
  bool keep = true;
  for (const RelabelRule& rule : config->relabel_configs) {
    keep = keep && relabel({&rule, 1}, labels);
    comma.next();
    out += "{\"rule\":";
    append_relabel_rule(out, rule);
    out += ",\"output\":";
    append_json_labels(out, keep ? labels.build() : Labels());
    out += keep ? ",\"keep\":true}" : ",\"keep\":false}";
  }
  out += "]}";
}

}  // namespace hearth::web
