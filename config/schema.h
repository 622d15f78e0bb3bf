// What prometheus.yml may contain: types with their fields and defaults (schema_*.cpp), and values
// that fit them. Reading (decode.h), checking and printing (print.h) all follow these tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

struct Value;
struct Field;

// Immutable once built; one static object per type of the configuration.
struct Type {
  enum class Kind {
    kString,
    kSecret,
    kPath,
    kUrl,
    kRegex,
    kBool,
    kInt,
    kUint,
    kFloat,
    kDuration,
    kBytes,
    kList,
    kMap,
    kStruct
  };
  Kind kind;
  std::string go_name;            // how Prometheus' error messages call it
  const Type* element = nullptr;  // of a list or map
  std::vector<Field> fields;      // of a struct, in the order in which they are printed
  bool optional = false;          // absent differs from empty: a pointer in Prometheus
  bool flow = false;              // a list that is printed as [a, b]
  // Runs after a value was read without type errors; may change it. Throws by refuse().
  void (*check)(Value& value) = nullptr;
  // Runs at once for each key of a map. Throws by refuse().
  void (*check_key)(const Value& map, const std::string& key) = nullptr;

  const Field* field(std::string_view name) const;
};

struct Field {
  std::string_view name;
  const Type* type;
  std::string_view fallback = "";  // the default, as it would be written
  bool always_printed = false;     // also when it is zero
};

// A value of a type. An absent optional, an empty list and a zero scalar are not `present`.
struct Value {
  const Type* type = nullptr;
  int line = 0;          // 0: nothing was written, it is a default
  bool present = false;  // of lists, maps and optionals: there at all
  std::string text;      // strings, URLs, regexes
  int64_t integer = 0;   // bools, integers, milliseconds, bytes
  double real = 0;
  std::vector<Value> items;       // of lists and maps; of a struct: one for each field
  std::vector<std::string> keys;  // of a map: sorted, one for each item

  const Value& operator[](std::string_view field) const;  // Requires: the struct has the field
  Value& operator[](std::string_view field);
  bool flag() const { return integer != 0; }
  std::vector<std::string> strings() const;  // of a list of texts
};

Value zero_value(const Type& type);
Value default_value(const Type& type);  // with the fields' defaults
bool is_zero(const Value& value);       // what `omitempty` leaves out

// Refuses the configuration because of this value: throws Error(kBadData) "<text> (line N)".
[[noreturn]] void refuse(const Value& value, const std::string& text);

// The types that others are made of.
const Type& string_type();
const Type& secret_type();
const Type& path_type();  // relative ones are relative to the configuration file
const Type& url_type();
const Type& regex_type();
const Type& bool_type();
const Type& optional_bool_type();
const Type& int_type();
const Type& uint_type();
const Type& float_type();
const Type& duration_type();
const Type& bytes_type();
const Type& strings_type();     // []string
const Type& string_map_type();  // map[string]string
Type list_of(const Type& element, std::string go_name);
Type structure(std::string go_name, std::vector<Field> fields, void (*check)(Value&) = nullptr);
Type optional_structure(std::string go_name, std::vector<Field> fields,
                        void (*check)(Value&) = nullptr);
std::vector<Field> operator+(std::vector<Field> left, const std::vector<Field>& right);

// The root: all of prometheus.yml; and a file of scrape_config_files.
const Type& config_type();
const Type& scrape_config_file_type();

// Parts that several sections share.
std::vector<Field> http_client_fields(bool http2 = true);  // <http_config>
void check_http_client(Value& value);                      // of a struct that has these fields
const Type& tls_config_type();
const Type& relabel_configs_type();
const Type& sigv4_type();
const Type& remote_write_type();
const Type& remote_read_type();
const Type& tracing_type();
const Type& otlp_type();

// discovery: `static_configs` and every `*_sd_configs`; what the files of file_sd_configs list
const Type& target_groups_type();
std::vector<Field> discovery_fields();

}  // namespace hearth
