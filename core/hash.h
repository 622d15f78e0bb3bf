// Hashes: a fast seeded one for tables, MD5 where Prometheus' results depend on it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hearth {

uint64_t xxhash64(std::string_view bytes, uint64_t seed = 0);

// A seed drawn once per process, so that table layouts cannot be attacked from outside.
uint64_t process_seed();

std::array<uint8_t, 16> md5(std::string_view bytes);

}  // namespace hearth
