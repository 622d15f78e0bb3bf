// The head of an HTTP/1.x request, read strictly: two readers that understand one head differently
// are how requests are smuggled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::web {

struct RequestHead {
  struct Field {
    std::string name, value;
  };
  std::string method;
  std::string raw_path;  // as sent
  std::string path;   // decoded; starts with '/', or is "*"
  std::string query;  // as sent, without the '?'
  std::vector<Field> fields;
  uint64_t content_length = 0;
  bool chunked = false;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expect_continue = false;

  // The first field of that name, in any case; "" when there is none.
  std::string_view field(std::string_view name) const;
};

bool equal_ignoring_case(std::string_view a, std::string_view b);

// Whether a comma-separated field value such as Connection holds `token`, in any case.
bool has_token(std::string_view list, std::string_view token);

// Reads a head that ends with its empty line. Returns 0, or the status that refuses it: 400, 501
// (transfer encoding other than chunked), 505 (not HTTP/1.0 or 1.1), 417, 431.
int parse_head(std::string_view text, RequestHead& head);

}  // namespace hearth::web
