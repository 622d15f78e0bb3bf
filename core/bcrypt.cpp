#include "core/bcrypt.h"

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <charconv>
#include <memory>
#include <string_view>

#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

constexpr size_t kMinHash = 59, kSalt = 22, kDigest = 31;
constexpr int kMinCost = 4, kMaxCost = 31;

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

struct Parts {
  int cost = 0;
  std::string_view salt, digest;
};

// Go takes any letter, or none, after the 2.
Parts parse(const std::string& hash) {
  if (hash.size() < kMinHash) {
    refuse("crypto/bcrypt: hashedSecret too short to be a bcrypted password");
  }
  if (hash[0] != '$') {
    refuse(fmt::format(
        "crypto/bcrypt: bcrypt hashes must start with '$', but hashedSecret started with '{}'",
        hash[0]));
  }
  if (hash[1] > '2') {
    refuse(fmt::format(
        "crypto/bcrypt: bcrypt algorithm version '{}' requested is newer than current version '2'",
        hash[1]));
  }
  std::string_view rest = std::string_view(hash).substr(hash[2] == '$' ? 3 : 4);
  const std::string_view digits = rest.substr(0, 2);
  const char* const end = digits.data() + digits.size();
  Parts parts;
  const auto [stop, error] =
      std::from_chars(digits.data() + (digits[0] == '+' ? 1 : 0), end, parts.cost);
  if (error != std::errc() || stop != end) {
    refuse("strconv.Atoi: parsing " + go_quote(digits) + ": invalid syntax");
  }
  if (parts.cost < kMinCost || parts.cost > kMaxCost) {
    refuse(fmt::format("crypto/bcrypt: cost {} is outside allowed inclusive range {}..{}",
                       parts.cost, kMinCost, kMaxCost));
  }
  rest.remove_prefix(3);
  parts.salt = rest.substr(0, kSalt);
  parts.digest = rest.substr(parts.salt.size());
  return parts;
}

}  // namespace

void check_bcrypt_hash(const std::string& hash) { (void)parse(hash); }

int bcrypt_cost(const std::string& hash) { return parse(hash).cost; }

bool bcrypt_matches(const std::string& hash, const std::string& password) {
  const Parts parts = parse(hash);
  // What Go calls 2a or 2y is the algorithm that libcrypt calls 2b.
  const std::string setting = fmt::format("$2b${:02}${}", parts.cost, parts.salt);
  const auto data = std::make_unique<crypt_data>();
  const char* const computed = crypt_r(password.c_str(), setting.c_str(), data.get());
  const std::string_view result = computed == nullptr ? "" : computed;
  const bool comparable = result.size() == setting.size() + kDigest &&
                          parts.digest.size() == kDigest &&
                          password.find('\0') == std::string::npos;  // libcrypt would stop there
  const bool same = comparable && CRYPTO_memcmp(result.data() + setting.size(), parts.digest.data(),
                                                kDigest) == 0;
  OPENSSL_cleanse(data.get(), sizeof *data);
  return same;
}

}  // namespace hearth
