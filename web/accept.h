// How an answer may be encoded: Accept-Encoding, read with its weights.
#pragma once

#include <string_view>

namespace hearth::web {

enum class Packing { kNone, kGzip, kZstd };

// The best of those that the field allows; zstd before gzip where it likes them equally.
Packing choose_packing(std::string_view accept_encoding);

// As a Content-Encoding field names it.
std::string_view packing_name(Packing packing);

// Whether the field allows gzip, whatever it likes better.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace hearth::web
