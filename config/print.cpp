#include "config/print.h"

#include <yaml.h>

#include <cmath>
#include <new>
#include <stdexcept>

#include "config/scalar.h"
#include "config/yaml_tree.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

using Kind = Type::Kind;

// 12:30:45 and 2020-01-02 would be read as numbers and times by other YAML readers.
bool looks_like_base60(std::string_view text) {
  size_t i = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const size_t start = i;
  bool colon = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ':' && i > start) {
      colon = true;
    } else if ((c < '0' || c > '9') && c != '_' && !(colon && c == '.')) {
      return false;
    }
  }
  return colon;
}
bool looks_like_time(std::string_view text) {
  const auto digits = [&](size_t least, size_t most) {
    size_t n = 0;
    while (n < most && n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
    text.remove_prefix(n);
    return n >= least;
  };
  const auto dash = [&] {
    if (!text.starts_with('-')) return false;
    text.remove_prefix(1);
    return true;
  };
  if (!digits(4, 4) || !dash() || !digits(1, 2) || !dash() || !digits(1, 2)) return false;
  return text.empty() || text[0] == 'T' || text[0] == 't' || text[0] == ' ';
}

yaml_scalar_style_t style_of(const std::string& text) {
  if (text.find('\n') != std::string::npos) return YAML_LITERAL_SCALAR_STYLE;
  const std::string_view tag = yaml_plain_tag(text);
  const bool plain =
      (tag == "!!str" || tag == "!!merge") && !looks_like_base60(text) && !looks_like_time(text);
  return plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

std::string float_text(double real) {
  if (std::isnan(real)) return ".nan";
  if (std::isinf(real)) return real > 0 ? ".inf" : "-.inf";
  return float_g(real);
}

// libyaml's emitter, writing to a string. One thread.
class Emitter {
 public:
  Emitter() {
    if (yaml_emitter_initialize(&emitter_) == 0) throw std::bad_alloc();
    yaml_emitter_set_output(&emitter_, &append, &text_);
    yaml_emitter_set_unicode(&emitter_, 1);
    emit(&yaml_stream_start_event_initialize, YAML_UTF8_ENCODING);
    emit(&yaml_document_start_event_initialize, nullptr, nullptr, nullptr, 1);
  }
  ~Emitter() { yaml_emitter_delete(&emitter_); }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  std::string finish() {
    emit(&yaml_document_end_event_initialize, 1);
    emit(&yaml_stream_end_event_initialize);
    // libyaml ends a document so that ends in an open text.
    if (text_.ends_with("\n...\n")) text_.resize(text_.size() - 4);
    return std::move(text_);
  }
  void scalar(const std::string& text, yaml_scalar_style_t style) {
    emit(&yaml_scalar_event_initialize, nullptr, nullptr, bytes(text),
         static_cast<int>(text.size()), 1, 1, style);
  }
  void begin_list(bool flow) {
    emit(&yaml_sequence_start_event_initialize, nullptr, nullptr, 1,
         flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
  }
  void end_list() { emit(&yaml_sequence_end_event_initialize); }
  void begin_map() {
    emit(&yaml_mapping_start_event_initialize, nullptr, nullptr, 1, YAML_BLOCK_MAPPING_STYLE);
  }
  void end_map() { emit(&yaml_mapping_end_event_initialize); }

 private:
  static const yaml_char_t* bytes(const std::string& text) {
    return reinterpret_cast<const yaml_char_t*>(text.data());
  }
  static int append(void* text, unsigned char* data, size_t size) noexcept {
    static_cast<std::string*>(text)->append(reinterpret_cast<char*>(data), size);
    return 1;
  }
  template <class Initialize, class... Arguments>
  void emit(Initialize initialize, Arguments... arguments) {
    yaml_event_t event;
    if (initialize(&event, arguments...) == 0 || yaml_emitter_emit(&emitter_, &event) == 0) {
      const char* problem = emitter_.problem != nullptr ? emitter_.problem : "invalid text";
      throw Error(ErrorKind::kInternal,
                  std::string("the configuration cannot be printed as YAML: ") + problem);
    }
  }
  yaml_emitter_t emitter_{};
  std::string text_;
};

void print_text(Emitter& out, const std::string& text) { out.scalar(text, style_of(text)); }
void print_plain(Emitter& out, const std::string& text) {
  out.scalar(text, YAML_PLAIN_SCALAR_STYLE);
}

void print(Emitter& out, const Value& value);

void print_struct(Emitter& out, const Value& value) {
  out.begin_map();
  for (size_t i = 0; i < value.items.size(); ++i) {
    const Field& field = value.type->fields[i];
    if (!field.always_printed && is_zero(value.items[i])) continue;
    print_text(out, std::string(field.name));
    print(out, value.items[i]);
  }
  out.end_map();
}

void print(Emitter& out, const Value& value) {
  const Type& type = *value.type;
  if (type.optional && !value.present) return print_plain(out, "null");
  switch (type.kind) {
    case Kind::kStruct:
      return print_struct(out, value);
    case Kind::kList:
      out.begin_list(type.flow);
      for (const Value& item : value.items) print(out, item);
      return out.end_list();
    case Kind::kMap:
      out.begin_map();
      for (size_t i = 0; i < value.items.size(); ++i) {
        print_text(out, value.keys[i]);
        print(out, value.items[i]);
      }
      return out.end_map();
    case Kind::kSecret:
      return print_plain(out, value.text.empty() ? "null" : "<secret>");
    case Kind::kRegex:
      return value.text.empty() ? print_plain(out, "null") : print_text(out, value.text);
    case Kind::kUrl:
      return value.present ? print_text(out, redacted_url(value.text)) : print_plain(out, "null");
    case Kind::kBool:
      return print_plain(out, value.flag() ? "true" : "false");
    case Kind::kInt:
      return print_plain(out, std::to_string(value.integer));
    case Kind::kUint:
      return print_plain(out, std::to_string(static_cast<uint64_t>(value.integer)));
    case Kind::kFloat:
      return print_plain(out, float_text(value.real));
    case Kind::kDuration:
      return print_plain(out, duration_text(value.integer));
    case Kind::kBytes:
      return print_plain(out, bytes_text(value.integer));
    case Kind::kString:
    case Kind::kPath:
      return print_text(out, value.text);
  }
}

}  // namespace

std::string print_yaml(const Value& value) {
  Emitter out;
  print(out, value);
  return out.finish();
}

}  // namespace hearth
