#include "config/jwt.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base64.h"
#include "core/error.h"

namespace hearth {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Freed<&BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<&EVP_MD_CTX_free>>;

// Asking at a terminal is no way for a server.
int no_passphrase(char*, int, int, void*) { return -1; }

Key read_key(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr));
  if (key == nullptr) {
    throw Error(ErrorKind::kBadData, "invalid key: Key must be a PEM encoded PKCS1 or PKCS8 key");
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    throw Error(ErrorKind::kBadData, "key is not a valid RSA private key");
  }
  return key;
}

std::string signature(const std::string& text, const EVP_MD* hash, EVP_PKEY* key) {
  const Digest digest(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::string out(static_cast<size_t>(EVP_PKEY_get_size(key)), '\0');
  size_t size = out.size();
  if (EVP_DigestSignInit(digest.get(), nullptr, hash, nullptr, key) != 1 ||
      EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, text.size()) != 1) {
    throw Error(ErrorKind::kBadData, "the assertion for oauth2 cannot be signed with this key");
  }
  out.resize(size);
  return out;
}

}  // namespace

std::string signed_assertion(const Assertion& assertion, const std::string& private_key_pem) {
  const Key key = read_key(private_key_pem);
  nlohmann::json header = {{"alg", assertion.algorithm}, {"typ", "JWT"}};
  if (!assertion.key_id.empty()) header["kid"] = assertion.key_id;
  const std::string text = base64_url(header.dump()) + "." + base64_url(assertion.claims);
  const EVP_MD* hash = assertion.algorithm == "RS512"   ? EVP_sha512()
                       : assertion.algorithm == "RS384" ? EVP_sha384()
                                                        : EVP_sha256();
  return text + "." + base64_url(signature(text, hash, key.get()));
}

std::string random_uuid() {
  std::array<unsigned char, 16> b{};
  if (RAND_bytes(b.data(), static_cast<int>(b.size())) != 1) {
    throw Error(ErrorKind::kInternal, "no random numbers");
  }
  b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
  std::string out;
  for (size_t i = 0; i < b.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", b[i]);
  }
  return out;
}

}  // namespace hearth
