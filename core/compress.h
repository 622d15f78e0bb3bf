// Whole-buffer compression. Reading functions throw Error(kCorrupt) on malformed input and never
// produce more than max_bytes (Error(kBadData) then).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth {

void snappy_compress(std::string_view in, std::string& out);                      // replaces out
void snappy_uncompress(std::string_view in, std::string& out, size_t max_bytes);  // replaces out
void zstd_compress(std::string_view in, std::string& out, int level = 1);
void zstd_uncompress(std::string_view in, std::string& out, size_t max_bytes);
void gzip_compress(std::string_view in, std::string& out, int level = 1);
// All members of a gzip file one after another, as Go reads them, and refused in its words.
void gzip_uncompress(std::string_view in, std::string& out, size_t max_bytes);

}  // namespace hearth
