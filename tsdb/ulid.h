// Names of blocks: 48 bits of time, 80 random bits, written as 26 characters of Crockford's base32.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace hearth::tsdb {

// Sorted by time. Immutable.
struct Ulid {
  std::array<uint8_t, 16> bytes{};  // big endian

  auto operator<=>(const Ulid&) const = default;
  TimeMs time() const;
  std::string text() const;
};

// Only 26 characters of the alphabet (either case), at most 128 bits; else nullopt.
std::optional<Ulid> parse_ulid(std::string_view text);

// A new name. Thread-safe.
Ulid make_ulid(TimeMs now);

}  // namespace hearth::tsdb
