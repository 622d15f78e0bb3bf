#include "config/decode.h"

#include <algorithm>
#include <map>

#include "config/scalar.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

using Kind = Type::Kind;

// Throws where a scalar is not what its tag says.
bool is_null(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar) return false;
  if (!node.tag.empty()) yaml_text(node);
  return yaml_scalar_tag(node) == "!!null";
}

// One thread; used for one tree.
class Decoder {
 public:
  Value decode(const YamlNode& node, const Type& type) {
    Value out = is_null(node) ? zero_value(type) : read(node, type);
    out.line = node.line;
    return out;
  }

  void finish() const {
    if (errors_.empty()) return;
    std::string text = "yaml: unmarshal errors:";
    for (const std::string& error : errors_) text += "\n  " + error;
    throw Error(ErrorKind::kBadData, text);
  }

 private:
  Value read(const YamlNode& node, const Type& type) {
    switch (type.kind) {
      case Kind::kList:
        return list(node, type);
      case Kind::kMap:
        return map(node, type);
      case Kind::kStruct:
        return structure(node, type);
      default:
        return scalar(node, type);
    }
  }

  Value scalar(const YamlNode& node, const Type& type) {
    Value out = zero_value(type);
    out.line = node.line;
    if (node.kind != YamlNode::Kind::kScalar) {
      wrong_type(node, type);
      return out;
    }
    bool fits = false;
    try {
      fits = read_scalar(out, node);
    } catch (const Error& error) {
      refuse(out, error.what());
    }
    if (!fits) {
      wrong_type(node, type);
    } else if (type.check != nullptr) {
      type.check(out);
    }
    return out;
  }

  Value list(const YamlNode& node, const Type& type) {
    Value out = zero_value(type);
    if (node.kind != YamlNode::Kind::kSequence) {
      wrong_type(node, type);
      return out;
    }
    const size_t errors_before = errors_.size();
    out.present = true;
    out.items.reserve(node.items.size());
    for (const YamlRef& item : node.items) out.items.push_back(decode(*item, *type.element));
    if (type.check != nullptr && errors_.size() == errors_before) type.check(out);
    return out;
  }

  Value map(const YamlNode& node, const Type& type) {
    Value out = zero_value(type);
    if (node.kind != YamlNode::Kind::kMapping) {
      wrong_type(node, type);
      return out;
    }
    std::map<std::string, Value> sorted;
    for (const YamlEntry& entry : node.entries) {
      if (!is_readable(entry)) continue;
      const std::string key = key_text(*entry.key);
      if (type.check_key != nullptr) type.check_key(out, key);
      const size_t errors_before = errors_.size();
      Value value = decode(*entry.value, *type.element);
      if (errors_.size() > errors_before) continue;
      if (!sorted.emplace(key, std::move(value)).second) {
        error(*entry.value, "key " + go_quote(key) + " already set in map");
      }
    }
    out.present = true;
    for (auto& [key, value] : sorted) {
      out.keys.push_back(key);
      out.items.push_back(std::move(value));
    }
    return out;
  }

  Value structure(const YamlNode& node, const Type& type) {
    if (node.kind != YamlNode::Kind::kMapping) {
      wrong_type(node, type);
      return zero_value(type);
    }
    const size_t errors_before = errors_.size();
    Value out = default_value(type);
    out.line = node.line;
    std::vector<int> set_by(type.fields.size(), -1);  // 0: this mapping; else one that is merged
    for (const YamlEntry& entry : node.entries) {
      if (!is_readable(entry)) continue;
      const std::string name = key_text(*entry.key);
      const Field* field = type.field(name);
      if (field == nullptr) {
        error(*entry.key, "field " + name + " not found in type " + type.go_name);
        continue;
      }
      const size_t index = static_cast<size_t>(field - type.fields.data());
      if (set_by[index] == entry.merged) {
        error(*entry.key, "field " + name + " already set in type " + type.go_name);
        continue;
      }
      set_by[index] = entry.merged;
      out.items[index] = decode(*entry.value, *field->type);
    }
    if (type.check != nullptr && errors_.size() == errors_before) type.check(out);
    return out;
  }

  static std::string key_text(const YamlNode& key) {
    return is_null(key) ? std::string() : yaml_text(key);
  }

  bool is_readable(const YamlEntry& entry) {
    if (entry.merged == kNothingToMerge) {
      throw Error(ErrorKind::kBadData,
                  "yaml: map merge requires map or sequence of maps as the value");
    }
    if (entry.key->kind == YamlNode::Kind::kScalar) return true;
    wrong_type(*entry.key, string_type());
    return false;
  }

  void wrong_type(const YamlNode& node, const Type& type) {
    std::string found;
    if (node.kind == YamlNode::Kind::kSequence) {
      found = node.tag.empty() ? "!!seq" : node.tag;
    } else if (node.kind == YamlNode::Kind::kMapping) {
      found = node.tag.empty() ? "!!map" : node.tag;
    } else {
      const std::string text = node.text.size() > 10 ? node.text.substr(0, 7) + "..." : node.text;
      found = node.tag.empty() ? std::string(yaml_scalar_tag(node)) : node.tag;
      const bool collection = found == "!!seq" || found == "!!map";
      found += collection ? node.text : " `" + text + "`";
    }
    error(node, "cannot unmarshal " + found + " into " + type.go_name);
  }

  void error(const YamlNode& node, const std::string& text) {
    if (errors_.size() < kMaxErrors) {
      errors_.push_back("line " + std::to_string(node.line) + ": " + text);
    }
  }

  static constexpr size_t kMaxErrors = 1000;
  std::vector<std::string> errors_;
};

}  // namespace

Value decode(const YamlRef& root, const Type& type) {
  if (root == nullptr || is_null(*root)) {
    Value out = default_value(type);
    if (type.check != nullptr) type.check(out);
    return out;
  }
  Decoder decoder;
  Value out = decoder.decode(*root, type);
  decoder.finish();
  return out;
}

}  // namespace hearth
