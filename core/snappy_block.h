// Snappy blocks, uncompressed by our own hand: the copies of logs and requests are a few bytes
// long, which the library makes calls of.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearth {

inline constexpr size_t kSnappySlack = 64;  // bytes behind the text that may be written

// `in` is a block behind its length, `out` has room for `size` bytes and the slack. False, with
// anything in `out`, where the block is not of `size` bytes or breaks the format.
bool uncompress_snappy_block(std::string_view in, char* out, size_t size);

}  // namespace hearth
