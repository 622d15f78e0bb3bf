// Scalars of the configuration: reading what is written, writing what it means.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/schema.h"

namespace hearth {

struct YamlNode;

// Fills a scalar value from a scalar node, or from a text as it would be written. Returns false
// when the node's kind of scalar does not fit the type; throws Error(kBadData) when its text does
// not.
bool read_scalar(Value& value, const YamlNode& node);
bool read_scalar(Value& value, std::string_view plain_text);

// "15MB", "1GiB512MiB": powers of 1024, by Prometheus' rules. Throws Error(kBadData).
int64_t parse_bytes(std::string_view text);
std::string bytes_text(int64_t bytes);  // "15MiB"

// The parts of a URL that the configuration looks at. Throws Error(kBadData) in Go's words:
// `parse "http://a b": invalid character " " in host name`.
struct Url {
  std::string scheme, user_info, host, rest;  // rest: path, query and fragment
};
Url parse_url(const std::string& text);
std::string redacted_url(const std::string& text);  // the password as xxxxx

}  // namespace hearth
