#include "tsdb/wal_samples_snappy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>

namespace hearth::tsdb {
namespace {

// A snappy block is its length, then elements: a literal (the tag's lower two bits are 0) or a copy
// of what was there `offset` bytes before (1: 4 to 11 bytes, offset below 2048; 2: up to 64 bytes,
// offset below 65536).

constexpr size_t kRecordHeadBytes = 1 + 8 + 8;
constexpr size_t kMaxVarintBytes = 10;
// Of an entry and of what is copied behind it without looking.
constexpr std::ptrdiff_t kMargin = 2 * kMaxVarintBytes + 8 + 20;

uint32_t load32(const char* p) {
  uint32_t x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
uint64_t load64(const char* p) {
  uint64_t x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

const char* skip_varint(const char* p) {
  for (size_t i = 1; i < kMaxVarintBytes && (*p & 0x80) != 0; ++i) ++p;
  return p + 1;
}

// One thread. The caller sees to it that there is room.
class Elements {
 public:
  explicit Elements(char* out) : out_(out) {}

  void length(size_t n) {
    for (; n >= 0x80; n >>= 7) put(n | 0x80);
    put(n);
  }
  void literal(const char* from, size_t length) {
    for (; length > kMaxLiteral; length -= kMaxLiteral, from += kMaxLiteral)
      one_literal(from, kMaxLiteral);
    if (length > 0) one_literal(from, length);
  }
  // As literal(), for mostly few bytes. Requires: 16 bytes may be read.
  void short_literal(const char* from, size_t length) {
    if (length > 16 || length == 0) return literal(from, length);
    put((length - 1) << 2);
    std::memcpy(out_, from, 16);
    out_ += length;
  }
  // Requires: 4 <= length <= 11; offset < 65536.
  void copy(size_t offset, size_t length) {
    if (offset < 2048) {
      put(1 | (length - 4) << 2 | (offset >> 8) << 5);
      put(offset);
    } else {
      put(2 | (length - 1) << 2);
      put(offset);
      put(offset >> 8);
    }
  }
  const char* end() const { return out_; }

 private:
  static constexpr size_t kMaxLiteral = 1 << 16;

  void put(size_t byte) { *out_++ = static_cast<char>(byte); }
  void one_literal(const char* from, size_t length) {
    const size_t n = length - 1;
    if (n < 60) {
      put(n << 2);
    } else if (n < 256) {
      put(60 << 2);
      put(n);
    } else {
      put(61 << 2);
      put(n);
      put(n >> 8);
    }
    std::memcpy(out_, from, length);
    out_ += length;
  }

  char* out_;
};

// Where four bytes were seen last. Place 0 means nowhere: no entry begins there.
class Places {
 public:
  Places() { places_.fill(0); }
  uint32_t exchange(uint32_t bytes, uint32_t place) {
    uint32_t& slot = places_[bytes * 0x9e3779b1u >> (32 - kBits)];
    const uint32_t before = slot;
    slot = place;
    return before;
  }

 private:
  static constexpr int kBits = 10;
  std::array<uint32_t, 1 << kBits> places_;
};

// Memory to compress into, the same each time where it is not much. Only one per thread at a time.
class Room {
 public:
  explicit Room(size_t bytes) {
    thread_local std::array<char, 48 << 10> usual;
    if (bytes > usual.size()) large_ = std::make_unique_for_overwrite<char[]>(bytes);
    data_ = bytes > usual.size() ? large_.get() : usual.data();
  }
  char* data() const { return data_; }

 private:
  std::unique_ptr<char[]> large_;
  char* data_ = nullptr;
};

}  // namespace

void snappy_compress_samples(std::string_view record, std::string& out) {
  constexpr size_t kFarthest = 65535;
  const Room room(32 + record.size() + record.size() / 6 + 32);
  Elements elements(room.data());
  elements.length(record.size());
  const char* const begin = record.data();
  const char* const end = begin + record.size();
  const char* literal = begin;  // from here on nothing is written yet
  Places heads, tails;
  const char* p = begin + std::min(kRecordHeadBytes, record.size());
  while (end - p > kMargin) {
    // Two places where it is worth looking: at the last byte of the ref, which goes on with the
    // time and the upper half of the value, and at the lower half of the value.
    const char* const head = skip_varint(p) - 1;
    const char* const value = skip_varint(head + 1);
    const char* const tail = value + 4;
    p = value + 8;

    const uint32_t head_bytes = load32(head);
    const char* seen = begin + heads.exchange(head_bytes, static_cast<uint32_t>(head - begin));
    if (seen != begin && load32(seen) == head_bytes && head - seen <= std::ptrdiff_t{kFarthest}) {
      const uint64_t differ = load64(head + 4) ^ load64(seen + 4);
      const size_t more = differ == 0 ? 7 : static_cast<size_t>(std::countr_zero(differ)) / 8;
      const size_t length = std::min(4 + std::min<size_t>(more, 7), static_cast<size_t>(p - head));
      elements.short_literal(literal, static_cast<size_t>(head - literal));
      elements.copy(static_cast<size_t>(head - seen), length);
      literal = head + length;
      if (literal > tail) continue;
    }

    const uint32_t tail_bytes = load32(tail);
    seen = begin + tails.exchange(tail_bytes, static_cast<uint32_t>(tail - begin));
    if (seen != begin && load32(seen) == tail_bytes && tail - seen <= std::ptrdiff_t{kFarthest}) {
      const uint32_t differ = load32(tail - 4) ^ load32(seen - 4);
      const size_t less = std::min(static_cast<size_t>(std::countl_zero(differ)) / 8,
                                   static_cast<size_t>(tail - literal));
      elements.short_literal(literal, static_cast<size_t>(tail - literal) - less);
      elements.copy(static_cast<size_t>(tail - seen), 4 + less);
      literal = p;
    }
  }
  elements.literal(literal, static_cast<size_t>(end - literal));
  out.assign(room.data(), static_cast<size_t>(elements.end() - room.data()));
}

}  // namespace hearth::tsdb
