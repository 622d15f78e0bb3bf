#include "core/snappy_block.h"

#include <cstdint>
#include <cstring>

namespace hearth {
namespace {

void copy_16(char* to, const char* from) {
  char bytes[16];
  std::memcpy(bytes, from, 16);
  std::memcpy(to, bytes, 16);
}
void copy_8(char* to, const char* from) {
  uint64_t bytes;
  std::memcpy(&bytes, from, 8);
  std::memcpy(to, &bytes, 8);
}

// What stands `offset` before, `length` bytes of it, which may be made by this very copy. At
// most 64.
void copy_back(char* to, size_t offset, size_t length) {
  const char* const from = to - offset;
  if (offset >= 16) {
    for (size_t i = 0; i < length; i += 16) copy_16(to + i, from + i);
  } else if (offset >= 8) {
    for (size_t i = 0; i < length; i += 8) copy_8(to + i, from + i);
  } else {
    for (size_t i = 0; i < length; ++i) to[i] = from[i];
  }
}

}  // namespace

bool uncompress_snappy_block(std::string_view block, char* out, size_t size) {
  const auto* in = reinterpret_cast<const uint8_t*>(block.data());
  const uint8_t* const in_end = in + block.size();
  char* to = out;
  char* const end = out + size;
  while (in < in_end) {
    const size_t tag = *in++;
    const auto left = static_cast<size_t>(in_end - in);
    const auto room = static_cast<size_t>(end - to);
    size_t length = (tag >> 2) + 1;
    if ((tag & 3) == 0) {
      if (length <= 16 && left >= 16 && length <= room) {
        copy_16(to, reinterpret_cast<const char*>(in));
      } else {
        if (length > 60) {  // the length stands in so many bytes
          const size_t bytes = length - 60;
          if (left < bytes) return false;
          length = 0;
          for (size_t i = 0; i < bytes; ++i) length |= size_t{in[i]} << 8 * i;
          ++length;
          in += bytes;
        }
        if (length > static_cast<size_t>(in_end - in) || length > room) return false;
        std::memcpy(to, in, length);
      }
      in += length;
      to += length;
      continue;
    }
    size_t offset = 0;
    if ((tag & 3) == 1) {
      if (left < 1) return false;
      length = 4 + (tag >> 2 & 7);
      offset = tag >> 5 << 8 | *in++;
    } else {
      const size_t bytes = (tag & 3) == 2 ? 2 : 4;
      if (left < bytes) return false;
      for (size_t i = 0; i < bytes; ++i) offset |= size_t{in[i]} << 8 * i;
      in += bytes;
    }
    if (offset == 0 || offset > static_cast<size_t>(to - out) || length > room) return false;
    copy_back(to, offset, length);
    to += length;
  }
  return to == end;
}

}  // namespace hearth
