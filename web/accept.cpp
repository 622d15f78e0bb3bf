#include "web/accept.h"

#include <algorithm>

#include "web/http_head.h"

namespace hearth::web {
namespace {

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::string_view take_until(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trim(taken);
}

// "0.25" in thousandths. What is no weight counts as none given: 1000.
int weight_of(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 1000;
  if (text[0] == '1') return 1000;
  int weight = 0, unit = 100;
  for (const char c : text.substr(std::min<size_t>(2, text.size()))) {
    if (c < '0' || c > '9' || unit == 0) break;
    weight += unit * (c - '0');
    unit /= 10;
  }
  return weight;
}

// Of the encoding in thousandths. "*" names none, as in Prometheus.
int weight_in(std::string_view list, std::string_view encoding) {
  while (!list.empty()) {
    std::string_view item = take_until(list, ',');
    const std::string_view name = take_until(item, ';');
    int weight = 1000;
    while (!item.empty()) {
      std::string_view parameter = take_until(item, ';');
      if (equal_ignoring_case(take_until(parameter, '='), "q")) weight = weight_of(parameter);
    }
    if (equal_ignoring_case(name, encoding)) return weight;
  }
  return 0;
}

}  // namespace

Packing choose_packing(std::string_view accept_encoding) {
  const int gzip = weight_in(accept_encoding, "gzip"), zstd = weight_in(accept_encoding, "zstd");
  if (gzip == 0 && zstd == 0) return Packing::kNone;
  return zstd >= gzip ? Packing::kZstd : Packing::kGzip;
}

std::string_view packing_name(Packing packing) {
  switch (packing) {
    case Packing::kGzip:
      return "gzip";
    case Packing::kZstd:
      return "zstd";
    case Packing::kNone:
      break;
  }
  return "identity";
}

bool accepts_gzip(std::string_view accept_encoding) {
  return weight_in(accept_encoding, "gzip") > 0;
}

}  // namespace hearth::web
