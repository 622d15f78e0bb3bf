#include "config/schema.h"

#include <algorithm>
#include <cassert>

#include "config/scalar.h"
#include "core/error.h"

namespace hearth {
namespace {

Type scalar(Type::Kind kind, std::string go_name) {
  Type type;
  type.kind = kind;
  type.go_name = std::move(go_name);
  return type;
}

}  // namespace

const Field* Type::field(std::string_view name) const {
  for (const Field& f : fields) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

const Value& Value::operator[](std::string_view field) const {
  const Field* found = type->field(field);
  assert(found != nullptr && items.size() == type->fields.size());
  return items[static_cast<size_t>(found - type->fields.data())];
}
Value& Value::operator[](std::string_view field) {
  return const_cast<Value&>(static_cast<const Value&>(*this)[field]);
}

std::vector<std::string> Value::strings() const {
  std::vector<std::string> out;
  out.reserve(items.size());
  for (const Value& item : items) out.push_back(item.text);
  return out;
}

Value zero_value(const Type& type) {
  Value out;
  out.type = &type;
  if (type.kind == Type::Kind::kStruct && !type.optional) {
    out.present = true;
    out.items.reserve(type.fields.size());
    for (const Field& field : type.fields) out.items.push_back(zero_value(*field.type));
  }
  return out;
}

Value default_value(const Type& type) {
  Value out;
  out.type = &type;
  if (type.kind != Type::Kind::kStruct) return out;
  out.present = true;
  out.items.reserve(type.fields.size());
  for (const Field& field : type.fields) {
    if (!field.fallback.empty()) {
      Value value;
      value.type = field.type;
      read_scalar(value, field.fallback);
      out.items.push_back(std::move(value));
    } else if (field.type->kind == Type::Kind::kStruct && !field.type->optional) {
      out.items.push_back(default_value(*field.type));
    } else {
      out.items.push_back(zero_value(*field.type));
    }
  }
  return out;
}

bool is_zero(const Value& value) {
  if (value.type->optional) return !value.present;
  switch (value.type->kind) {
    case Type::Kind::kList:
    case Type::Kind::kMap:
      return value.items.empty();
    case Type::Kind::kStruct:
      return std::all_of(value.items.begin(), value.items.end(), is_zero);
    case Type::Kind::kFloat:
      return value.real == 0;
    case Type::Kind::kRegex:
      return value.line == 0;  // one that is written is printed, even the default
    case Type::Kind::kUrl:
      return !value.present;  // a pointer in Prometheus: an empty one differs from none
    default:
      return value.text.empty() && value.integer == 0;
  }
}

void refuse(const Value& value, const std::string& text) {
  throw Error(ErrorKind::kBadData,
              value.line > 0 ? text + " (line " + std::to_string(value.line) + ")" : text);
}

#define HEARTH_SCALAR_TYPE(name, kind, go_name)                 \
  const Type& name() {                                          \
    static const Type type = scalar(Type::Kind::kind, go_name); \
    return type;                                                \
  }
HEARTH_SCALAR_TYPE(string_type, kString, "string")
HEARTH_SCALAR_TYPE(secret_type, kSecret, "config.plain")
HEARTH_SCALAR_TYPE(path_type, kPath, "string")
HEARTH_SCALAR_TYPE(url_type, kUrl, "string")
HEARTH_SCALAR_TYPE(regex_type, kRegex, "string")
HEARTH_SCALAR_TYPE(bool_type, kBool, "bool")
HEARTH_SCALAR_TYPE(int_type, kInt, "int")
HEARTH_SCALAR_TYPE(uint_type, kUint, "uint")
HEARTH_SCALAR_TYPE(float_type, kFloat, "float64")
HEARTH_SCALAR_TYPE(duration_type, kDuration, "string")
HEARTH_SCALAR_TYPE(bytes_type, kBytes, "units.Base2Bytes")
#undef HEARTH_SCALAR_TYPE

const Type& optional_bool_type() {
  static const Type type = [] {
    Type t = scalar(Type::Kind::kBool, "bool");
    t.optional = true;
    return t;
  }();
  return type;
}

const Type& strings_type() {
  static const Type type = list_of(string_type(), "[]string");
  return type;
}

const Type& string_map_type() {
  static const Type type = [] {
    Type t = scalar(Type::Kind::kMap, "map[string]string");
    t.element = &string_type();
    return t;
  }();
  return type;
}

Type list_of(const Type& element, std::string go_name) {
  Type type = scalar(Type::Kind::kList, std::move(go_name));
  type.element = &element;
  return type;
}

Type structure(std::string go_name, std::vector<Field> fields, void (*check)(Value&)) {
  Type type = scalar(Type::Kind::kStruct, std::move(go_name));
  type.fields = std::move(fields);
  type.check = check;
  return type;
}

Type optional_structure(std::string go_name, std::vector<Field> fields, void (*check)(Value&)) {
  Type type = structure(std::move(go_name), std::move(fields), check);
  type.optional = true;
  return type;
}

std::vector<Field> operator+(std::vector<Field> left, const std::vector<Field>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace hearth
