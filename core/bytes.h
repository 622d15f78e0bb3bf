// Reading and writing bytes as the file formats have them: big endian integers, varints.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace hearth {

inline uint16_t load_be16(const void* p) {
  uint16_t x;
  std::memcpy(&x, p, 2);
  return __builtin_bswap16(x);
}
inline uint32_t load_be32(const void* p) {
  uint32_t x;
  std::memcpy(&x, p, 4);
  return __builtin_bswap32(x);
}
inline uint64_t load_be64(const void* p) {
  uint64_t x;
  std::memcpy(&x, p, 8);
  return __builtin_bswap64(x);
}

// Reads from a buffer; a read past the end sets failed() for good and gives 0 or "", never more.
// The buffer must outlive it. One thread.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes)
      : next_(reinterpret_cast<const uint8_t*>(bytes.data())), end_(next_ + bytes.size()) {}

  bool failed() const { return failed_; }
  size_t left() const { return static_cast<size_t>(end_ - next_); }
  bool at_end() const { return next_ == end_; }
  std::string_view rest() const { return {reinterpret_cast<const char*>(next_), left()}; }

  uint8_t u8() { return need(1) ? *next_++ : uint8_t{0}; }
  uint16_t be16() {
    if (!need(2)) return 0;
    next_ += 2;
    return load_be16(next_ - 2);
  }
  uint32_t be32() {
    if (!need(4)) return 0;
    next_ += 4;
    return load_be32(next_ - 4);
  }
  uint64_t be64() {
    if (!need(8)) return 0;
    next_ += 8;
    return load_be64(next_ - 8);
  }
  // Go's binary.Uvarint / Varint (zig-zag): at most 10 bytes, no overflow.
  uint64_t uvarint() {
    uint64_t x = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (!need(1)) return 0;
      const uint8_t b = *next_++;
      if (b < 0x80) {
        if (shift == 63 && b > 1) break;
        return x | uint64_t{b} << shift;
      }
      x |= uint64_t{b & 0x7fu} << shift;
    }
    fail();
    return 0;
  }
  int64_t varint() {
    const uint64_t u = uvarint();
    return static_cast<int64_t>(u >> 1) ^ -static_cast<int64_t>(u & 1);
  }
  std::string_view bytes(size_t count) {
    if (!need(count)) return {};
    next_ += count;
    return {reinterpret_cast<const char*>(next_ - count), count};
  }
  std::string_view uvarint_string() {
    const uint64_t length = uvarint();
    if (length > left()) {
      fail();
      return {};
    }
    return bytes(static_cast<size_t>(length));
  }
  void skip(size_t count) {
    if (need(count)) next_ += count;
  }
  void fail() {
    failed_ = true;
    next_ = end_;
  }

 private:
  bool need(size_t count) {
    if (count <= left()) return true;
    fail();
    return false;
  }
  const uint8_t* next_;
  const uint8_t* end_;
  bool failed_ = false;
};

// Appends to a string that the caller owns. One thread.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void u8(uint8_t x) { out_.push_back(static_cast<char>(x)); }
  void be16(uint16_t x) { raw(__builtin_bswap16(x)); }
  void be32(uint32_t x) { raw(__builtin_bswap32(x)); }
  void be64(uint64_t x) { raw(__builtin_bswap64(x)); }
  void uvarint(uint64_t x) {
    char buffer[10];
    size_t n = 0;
    while (x >= 0x80) {
      buffer[n++] = static_cast<char>(x | 0x80);
      x >>= 7;
    }
    buffer[n++] = static_cast<char>(x);
    out_.append(buffer, n);
  }
  void varint(int64_t x) { uvarint(static_cast<uint64_t>(x) << 1 ^ static_cast<uint64_t>(x >> 63)); }
  void bytes(std::string_view bytes) { out_.append(bytes); }
  void uvarint_string(std::string_view text) {
    uvarint(text.size());
    out_.append(text);
  }
  size_t size() const { return out_.size(); }

 private:
  template <class T>
  void raw(T x) {
    out_.append(reinterpret_cast<const char*>(&x), sizeof x);
  }
  std::string& out_;
};

}  // namespace hearth
