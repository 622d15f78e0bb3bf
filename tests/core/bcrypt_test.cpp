#include "core/bcrypt.h"

#include <crypt.h>
#include <doctest/doctest.h>

#include "core/base64.h"

using namespace hearth;

namespace {

std::string hash_of(const std::string& password, const std::string& version = "$2b$") {
  crypt_data data{};
  const std::string setting = "$2b$04$abcdefghijklmnopqrstuu";
  const std::string hash = crypt_r(password.c_str(), setting.c_str(), &data);
  return version + hash.substr(4);
}

}  // namespace

TEST_CASE("a password matches its bcrypt hash of any version, and no other") {
  for (const char* version : {"$2a$", "$2b$", "$2y$", "$2$"}) {
    CAPTURE(version);
    const std::string hash = hash_of("s\xc3\xa9 cret", version);
    CHECK(bcrypt_matches(hash, "s\xc3\xa9 cret"));
    CHECK_FALSE(bcrypt_matches(hash, "s\xc3\xa9 cre"));
    CHECK_FALSE(bcrypt_matches(hash, ""));
    CHECK(bcrypt_cost(hash) == 4);
  }
  CHECK(bcrypt_matches(hash_of(""), ""));
}

TEST_CASE("a password with a zero byte is not the one before it") {
  const std::string hash = hash_of("secret");
  CHECK_FALSE(bcrypt_matches(hash, std::string("secret\0", 7)));
  CHECK_FALSE(bcrypt_matches(hash, std::string("secret\0more", 11)));
  CHECK_FALSE(bcrypt_matches(hash_of(""), std::string("\0", 1)));
}

TEST_CASE("hashes with too much or too little behind the salt match nothing") {
  const std::string hash = hash_of("secret");
  CHECK_FALSE(bcrypt_matches(hash + "x", "secret"));
  CHECK_FALSE(bcrypt_matches(hash.substr(0, 59), "secret"));
  std::string odd = hash;
  odd[10] = '!';  // no letter of a salt
  CHECK_FALSE(bcrypt_matches(odd, "secret"));
}

TEST_CASE("base64 is read with its padding and nothing else") {
  for (const char* text : {"", "a", "ab", "abc", "abcd", "\xff\x00z"}) {
    CHECK(base64_decode(base64(text)) == std::string(text));
  }
  for (const char* bad : {"a", "YQ", "YQ=", "Y===", "====", "YQ==YQ==", "Y-Q=", " YQ=="}) {
    CAPTURE(bad);
    CHECK_FALSE(base64_decode(bad).has_value());
  }
}
