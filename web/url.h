// Paths and forms as they come in a URL, read with the rules of Go's net/url.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::web {

using FormPairs = std::vector<std::pair<std::string, std::string>>;

// %XX decoded ('+' too where it stands for a space); nullopt where an escape is malformed.
std::optional<std::string> url_decode(std::string_view text, bool plus_is_space);

// Appends the pairs of "a=1&b=2" in their order. A malformed pair is left out; the text of the
// first such error is returned ("" when all went well): `invalid URL escape "%zz"`.
std::string parse_form(std::string_view text, FormPairs& out);

// "/a//b/./c/../d/" -> "/a/b/d/": without empty, "." and ".." segments.
std::string clean_path(std::string_view path);

// A path as a URL has it: everything but unreserved characters and / is escaped.
std::string url_encode_path(std::string_view path);

}  // namespace hearth::web
