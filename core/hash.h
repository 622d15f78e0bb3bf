// Hashes: a fast seeded one for tables, MD5 where Prometheus' results depend on it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hearth {

uint64_t xxhash64(std::string_view bytes, uint64_t seed = 0);

struct Hash128 {
  uint64_t low = 0, high = 0;
  bool operator==(const Hash128&) const = default;
};
// XXH3: so wide that equal hashes may stand for equal bytes. Requires: a secret seed where others
// choose the bytes.
Hash128 xxh3_128(const void* bytes, size_t size, uint64_t seed);

// A seed drawn once per process, so that table layouts cannot be attacked from outside.
uint64_t process_seed();

std::array<uint8_t, 16> md5(std::string_view bytes);

}  // namespace hearth
