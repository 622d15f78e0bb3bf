// The functions that every Go template has.
#include <algorithm>

#include "core/error.h"
#include "core/go_text.h"
#include "core/uri.h"
#include "rules/template_functions.h"

namespace hearth::rules {
namespace {

using Arguments = std::span<const TemplateValue>;
using Type = ParameterType;

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kExecution, text); }

template <class T>
const T* pointer(const TemplateValue& value) {
  const auto* found = value.as<std::shared_ptr<const T>>();
  return found == nullptr ? nullptr : found->get();
}

// ---- comparisons --------------------------------------------------------------------------------

enum class Basic { kBool, kInt, kFloat, kString };
Basic basic(const TemplateValue& value) {
  if (value.as<bool>()) return Basic::kBool;
  if (value.as<int64_t>() || value.as<GoDuration>()) return Basic::kInt;
  if (value.as<double>()) return Basic::kFloat;
  if (value.as<std::string>()) return Basic::kString;
  fail("non-comparable type " + value_text(value) + ": " + go_type(value));
}
Basic common(const TemplateValue& a, const TemplateValue& b) {
  const Basic kind = basic(a);
  if (kind != basic(b)) {
    fail("incompatible types for comparison: " + go_type(a) + " and " + go_type(b));
  }
  return kind;
}
int64_t integer(const TemplateValue& value) {
  const auto* duration = value.as<GoDuration>();
  return duration != nullptr ? duration->ns : *value.as<int64_t>();
}

bool equal(const TemplateValue& a, const TemplateValue& b) {
  if (a.is_nothing() || b.is_nothing()) return a.is_nothing() && b.is_nothing();
  switch (common(a, b)) {
    case Basic::kBool:
      return *a.as<bool>() == *b.as<bool>();
    case Basic::kInt:
      return integer(a) == integer(b);
    case Basic::kFloat:
      return *a.as<double>() == *b.as<double>();
    default:
      return *a.as<std::string>() == *b.as<std::string>();
  }
}
bool less(const TemplateValue& a, const TemplateValue& b) {
  switch (common(a, b)) {
    case Basic::kBool:
      fail("invalid type for comparison");
    case Basic::kInt:
      return integer(a) < integer(b);
    case Basic::kFloat:
      return *a.as<double>() < *b.as<double>();
    default:
      return *a.as<std::string>() < *b.as<std::string>();
  }
}

TemplateValue eq(Arguments a, const TemplateWorld&) {
  if (a.size() < 2) fail("missing argument for comparison");
  return std::any_of(a.begin() + 1, a.end(),
                     [&](const TemplateValue& other) { return equal(a[0], other); });
}
TemplateValue ne(Arguments a, const TemplateWorld&) { return !equal(a[0], a[1]); }
TemplateValue lt(Arguments a, const TemplateWorld&) { return less(a[0], a[1]); }
TemplateValue le(Arguments a, const TemplateWorld&) {
  return less(a[0], a[1]) || equal(a[0], a[1]);
}
TemplateValue gt(Arguments a, const TemplateWorld&) {
  return !less(a[0], a[1]) && !equal(a[0], a[1]);
}
TemplateValue ge(Arguments a, const TemplateWorld&) { return !less(a[0], a[1]); }
TemplateValue negate(Arguments a, const TemplateWorld&) { return !is_true(a[0]); }

// ---- parts of values ----------------------------------------------------------------------------

TemplateValue length(Arguments a, const TemplateWorld&) {
  size_t size = 0;
  if (const auto* v = a[0].as<std::string>()) {
    size = v->size();
  } else if (const auto* map = pointer<StringMap>(a[0])) {
    size = map->size();
  } else if (const auto* list = pointer<Samples>(a[0])) {
    size = list->size();
  } else if (const auto* values = pointer<ValueMap>(a[0])) {
    size = values->size();
  } else {
    fail(a[0].is_nothing() ? "len of nil pointer" : "len of type " + go_type(a[0]));
  }
  return static_cast<int64_t>(size);
}

size_t position(const TemplateValue& index, size_t size, bool end_is_in) {
  const auto* i = index.as<int64_t>();
  if (i == nullptr) {
    fail(index.is_nothing() ? "cannot index slice/array with nil"
                            : "cannot index slice/array with type " + go_type(index));
  }
  if (*i < 0 || static_cast<uint64_t>(*i) >= size + (end_is_in ? 1 : 0)) {
    fail("index out of range: " + std::to_string(*i));
  }
  return static_cast<size_t>(*i);
}

TemplateValue item(const TemplateValue& of, const TemplateValue& index) {
  if (const auto* list = pointer<Samples>(of)) return (*list)[position(index, list->size(), false)];
  if (const auto* text = of.as<std::string>()) {
    return static_cast<int64_t>(
        static_cast<unsigned char>((*text)[position(index, text->size(), false)]));
  }
  const auto* key = index.as<std::string>();
  const auto* map = pointer<StringMap>(of);
  const auto* values = pointer<ValueMap>(of);
  if (map == nullptr && values == nullptr) {
    fail(of.is_nothing() ? "index of untyped nil" : "can't index item of type " + go_type(of));
  }
  if (key == nullptr) {
    fail(index.is_nothing() ? "value is nil; should be of type string"
                            : "value has type " + go_type(index) + "; should be string");
  }
  if (map != nullptr) {
    const auto found = map->find(*key);
    return found == map->end() ? std::string() : found->second;
  }
  const auto found = values->find(*key);
  return found == values->end() ? TemplateValue() : found->second;
}
TemplateValue index(Arguments a, const TemplateWorld&) {
  TemplateValue out = a[0];
  for (const TemplateValue& next : a.subspan(1)) out = item(out, next);
  return out;
}

TemplateValue slice(Arguments a, const TemplateWorld&) {
  if (a.size() > 4) fail("too many slice indexes: " + std::to_string(a.size() - 1));
  const auto* text = a[0].as<std::string>();
  const auto* list = pointer<Samples>(a[0]);
  if (text == nullptr && list == nullptr) {
    fail(a[0].is_nothing() ? "slice of untyped nil" : "can't slice item of type " + go_type(a[0]));
  }
  if (text != nullptr && a.size() == 4) fail("cannot 3-index slice a string");
  const size_t size = text != nullptr ? text->size() : list->size();
  const size_t from = a.size() > 1 ? position(a[1], size, true) : 0;
  const size_t to = a.size() > 2 ? position(a[2], size, true) : size;
  if (from > to) {
    fail("invalid slice index: " + std::to_string(from) + " > " + std::to_string(to));
  }
  if (text != nullptr) return text->substr(from, to - from);
  return std::make_shared<const Samples>(list->begin() + static_cast<std::ptrdiff_t>(from),
                                         list->begin() + static_cast<std::ptrdiff_t>(to));
}

// ---- texts --------------------------------------------------------------------------------------

std::string joined(Arguments a) {
  if (a.size() == 1 && a[0].as<std::string>()) return *a[0].as<std::string>();
  return go_sprint(a);
}

TemplateValue html(Arguments a, const TemplateWorld&) {
  std::string out = html_escape(joined(a));
  for (size_t at = 0; (at = out.find('\0', at)) != std::string::npos;) out.replace(at, 1, "\xEF\xBF\xBD");
  return out;
}

TemplateValue javascript(Arguments a, const TemplateWorld&) {
  std::string out;
  for (const char c : joined(a)) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\'':
        out += "\\'";
        break;
      case '"':
        out += "\\\"";
        break;
      case '<':
        out += "\\u003C";
        break;
      case '>':
        out += "\\u003E";
        break;
      case '&':
        out += "\\u0026";
        break;
      case '=':
        out += "\\u003D";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr std::string_view kHex = "0123456789ABCDEF";
          out += "\\u00";
          out += kHex[static_cast<size_t>(c) >> 4];
          out += kHex[static_cast<size_t>(c) & 15];
        } else {
          out += c;
        }
    }
  }
  return out;
}

TemplateValue println(Arguments a, const TemplateWorld&) {
  std::string out;
  for (const TemplateValue& value : a) {
    out += (out.empty() ? "" : " ") + (value.is_nothing() ? "<nil>" : value_text(value));
  }
  return out + "\n";
}

TemplateValue printf(Arguments a, const TemplateWorld&) {
  return go_sprintf(*a[0].as<std::string>(), a.subspan(1));
}

TemplateValue call(Arguments a, const TemplateWorld&) {
  fail(a[0].is_nothing() ? "call of nil" : "non-function of type " + go_type(a[0]));
}

const std::vector<TemplateFunction>& table() {
  static const std::vector<TemplateFunction> functions = {
      {"call", {Type::kAny, Type::kAny}, true, call},
      {"html", {Type::kAny}, true, html},
      {"index", {Type::kAny, Type::kAny}, true, index},
      {"slice", {Type::kAny, Type::kAny}, true, slice},
      {"js", {Type::kAny}, true, javascript},
      {"len", {Type::kAny}, false, length},
      {"not", {Type::kAny}, false, negate},
      {"print",
       {Type::kAny},
       true,
       [](Arguments a, const TemplateWorld&) { return TemplateValue(go_sprint(a)); }},
      {"printf", {Type::kString, Type::kAny}, true, printf},
      {"println", {Type::kAny}, true, println},
      {"urlquery",
       {Type::kAny},
       true,
       [](Arguments a, const TemplateWorld&) { return TemplateValue(query_escape(joined(a))); }},
      {"eq", {Type::kAny, Type::kAny}, true, eq},
      {"ge", {Type::kAny, Type::kAny}, false, ge},
      {"gt", {Type::kAny, Type::kAny}, false, gt},
      {"le", {Type::kAny, Type::kAny}, false, le},
      {"lt", {Type::kAny, Type::kAny}, false, lt},
      {"ne", {Type::kAny, Type::kAny}, false, ne}};
  return functions;
}

}  // namespace

std::span<const TemplateFunction> go_functions() { return table(); }

const TemplateFunction* find_template_function(std::string_view name) {
  for (const std::span<const TemplateFunction> functions :
       {prometheus_functions(), go_functions()}) {
    for (const TemplateFunction& function : functions) {
      if (function.name == name) return &function;
    }
  }
  return nullptr;
}

bool is_template_function(std::string_view name) {
  return name == "and" || name == "or" || find_template_function(name) != nullptr;
}

// A space between operands where neither is a text.
std::string go_sprint(Arguments arguments) {
  std::string out;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool text = arguments[i].as<std::string>() != nullptr;
    const bool before = i > 0 && arguments[i - 1].as<std::string>() != nullptr;
    if (i > 0 && !text && !before) out += " ";
    out += arguments[i].is_nothing() ? "<nil>" : value_text(arguments[i]);
  }
  return out;
}

}  // namespace hearth::rules
