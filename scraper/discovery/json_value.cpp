#include "scraper/discovery/json_value.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace hearth {
namespace {

using Json = nlohmann::json;

const Json& json(const void* node) { return *static_cast<const Json*>(node); }

[[noreturn]] void fail_type(const void* node, const char* expected) {
  throw Error(ErrorKind::kBadData, fmt::format("json: cannot unmarshal {} into a value of type {}",
                                               json(node).type_name(), expected));
}

}  // namespace

JsonValue::JsonValue(std::shared_ptr<const void> document, const void* node)
    : document_(std::move(document)), node_(json(node).is_null() ? nullptr : node) {}

JsonValue JsonValue::parse(std::string_view text) {
  try {
    const auto document = std::make_shared<const Json>(Json::parse(text));
    return JsonValue(document, document.get());
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kBadData, error.what());
  }
}

bool JsonValue::is_object() const { return node_ != nullptr && json(node_).is_object(); }

JsonValue JsonValue::operator[](std::string_view member) const {
  if (node_ == nullptr) return {};
  if (!json(node_).is_object()) fail_type(node_, "object");
  const auto found = json(node_).find(member);
  return found == json(node_).end() ? JsonValue() : JsonValue(document_, &*found);
}

std::string JsonValue::text() const {
  if (node_ == nullptr) return "";
  if (!json(node_).is_string()) fail_type(node_, "string");
  return json(node_).get<std::string>();
}

int64_t JsonValue::integer() const {
  if (node_ == nullptr) return 0;
  if (!json(node_).is_number_integer()) fail_type(node_, "int");
  return json(node_).get<int64_t>();
}

double JsonValue::number() const {
  if (node_ == nullptr) return 0;
  if (!json(node_).is_number()) fail_type(node_, "float64");
  return json(node_).get<double>();
}

bool JsonValue::flag() const {
  if (node_ == nullptr) return false;
  if (!json(node_).is_boolean()) fail_type(node_, "bool");
  return json(node_).get<bool>();
}

std::vector<JsonValue> JsonValue::items() const {
  std::vector<JsonValue> out;
  if (node_ == nullptr) return out;
  if (!json(node_).is_array()) fail_type(node_, "array");
  for (const Json& item : json(node_)) out.push_back(JsonValue(document_, &item));
  return out;
}

std::vector<std::pair<std::string, JsonValue>> JsonValue::members() const {
  std::vector<std::pair<std::string, JsonValue>> out;
  if (node_ == nullptr) return out;
  if (!json(node_).is_object()) fail_type(node_, "object");
  for (const auto& [name, value] : json(node_).items())
    out.emplace_back(name, JsonValue(document_, &value));
  return out;
}

std::vector<std::string> JsonValue::texts() const {
  std::vector<std::string> out;
  for (const JsonValue& item : items()) out.push_back(item.text());
  return out;
}

std::string JsonValue::scalar() const {
  if (node_ == nullptr || json(node_).is_structured()) return "";
  return json(node_).is_string() ? json(node_).get<std::string>() : json(node_).dump();
}

}  // namespace hearth
