#include "core/hash.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <random>

#include "core/error.h"

namespace hearth {

uint64_t xxhash64(std::string_view bytes, uint64_t seed) {
  return XXH64(bytes.data(), bytes.size(), seed);
}

Hash128 xxh3_128(const void* bytes, size_t size, uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, size, seed);
  return {hash.low64, hash.high64};
}

uint64_t process_seed() {
  static const uint64_t seed = [] {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
  }();
  return seed;
}

std::array<uint8_t, 16> md5(std::string_view bytes) {
  std::array<uint8_t, 16> digest{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_md5(), nullptr) != 1) {
    throw Error(ErrorKind::kInternal, "MD5 is not available in this OpenSSL; relabelling by hashmod needs it");
  }
  return digest;
}

}  // namespace hearth
