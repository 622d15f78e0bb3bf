// Names beyond the old alphabet for those who know no other: as Prometheus escapes them in URLs and
// expositions.
#pragma once

#include <string>
#include <string_view>

namespace hearth::web {

enum class NameEscaping { kNone, kUnderscores, kDots, kValues };

// As an Accept or Content-Type names it: "allow-utf-8", "underscores", "dots", "values".
std::string_view escaping_name(NameEscaping escaping);
bool parse_escaping(std::string_view name, NameEscaping& out);

// Letters, digits (not first), '_' and ':'.
bool is_legacy_name(std::string_view name);
std::string escape_name(std::string_view name, NameEscaping escaping);

// model.UnescapeName of a "U__..." name; any other name, and one that is malformed, as it is.
std::string unescape_name(const std::string& name);

}  // namespace hearth::web
