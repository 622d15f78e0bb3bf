// JSON answers of the servers that are asked for targets, read as Go reads them into a struct: what
// is absent or null is empty, what has another type than asked for is an Error. The library behind
// it, nlohmann, stays in json_value.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth {

// A node of a document, which it keeps alive. Immutable; cheap to copy.
class JsonValue {
 public:
  JsonValue() = default;                          // null
  static JsonValue parse(std::string_view text);  // throws Error(kBadData)

  bool is_null() const { return node_ == nullptr; }
  bool is_object() const;
  JsonValue operator[](std::string_view member) const;  // of an object

  std::string text() const;
  int64_t integer() const;
  double number() const;
  bool flag() const;
  std::vector<JsonValue> items() const;                            // of a list
  std::vector<std::pair<std::string, JsonValue>> members() const;  // of an object, by name
  std::vector<std::string> texts() const;                          // of a list of strings

  std::string scalar() const;  // a string as it is, a number or bool as it is written; else ""

 private:
  JsonValue(std::shared_ptr<const void> document, const void* node);

  std::shared_ptr<const void> document_;
  const void* node_ = nullptr;  // nlohmann::json
};

}  // namespace hearth
