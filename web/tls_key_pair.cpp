#include "web/tls_key_pair.h"

#include <fmt/ranges.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <functional>

#include "core/error.h"
#include "core/go_text.h"

namespace hearth::web {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

struct PemBlock {
  std::string type, bytes;
};

std::vector<PemBlock> pem_blocks(const std::string& text) {
  std::vector<PemBlock> blocks;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  char* type = nullptr;
  char* header = nullptr;
  unsigned char* bytes = nullptr;
  long size = 0;
  while (PEM_read_bio(bio.get(), &type, &header, &bytes, &size) == 1) {
    blocks.push_back({type, {reinterpret_cast<char*>(bytes), static_cast<size_t>(size)}});
    OPENSSL_free(type);
    OPENSSL_free(header);
    OPENSSL_clear_free(bytes, static_cast<size_t>(size));
  }
  ERR_clear_error();
  return blocks;
}

const unsigned char* bytes_of(const PemBlock& block) {
  return reinterpret_cast<const unsigned char*>(block.bytes.data());
}

X509Ptr parse_certificate(const PemBlock& block) {
  const unsigned char* at = bytes_of(block);
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(block.bytes.size())));
  ERR_clear_error();
  return certificate;
}

std::vector<X509Ptr> server_chain(const std::string& text) {
  std::vector<X509Ptr> chain;
  std::vector<std::string> skipped;
  for (const PemBlock& block : pem_blocks(text)) {
    if (block.type != "CERTIFICATE") {
      skipped.push_back(block.type);
      continue;
    }
    chain.push_back(parse_certificate(block));
    if (!chain.back()) refuse("x509: malformed certificate");
  }
  if (!chain.empty()) return chain;
  if (skipped.empty()) refuse("tls: failed to find any PEM data in certificate input");
  if (skipped.size() == 1 && skipped[0].ends_with("PRIVATE KEY")) {
    refuse(
        "tls: failed to find certificate PEM data in certificate input, but did find a private "
        "key; PEM inputs may have been switched");
  }
  refuse(fmt::format(
      "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM "
      "blocks of the following types: [{}]",
      fmt::join(skipped, " ")));
}

KeyPtr server_key(const std::string& text) {
  std::vector<std::string> skipped;
  for (const PemBlock& block : pem_blocks(text)) {
    if (block.type != "PRIVATE KEY" && !block.type.ends_with(" PRIVATE KEY")) {
      skipped.push_back(block.type);
      continue;
    }
    const unsigned char* at = bytes_of(block);
    KeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(block.bytes.size())));
    ERR_clear_error();
    if (!key) refuse("tls: failed to parse private key");
    return key;
  }
  if (skipped.empty()) refuse("tls: failed to find any PEM data in key input");
  if (skipped.size() == 1 && skipped[0] == "CERTIFICATE") {
    refuse("tls: found a certificate rather than a key in the PEM for the private key");
  }
  refuse(
      fmt::format("tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input "
                  "after skipping PEM blocks of the following types: [{}]",
                  fmt::join(skipped, " ")));
}

}  // namespace

void FreeX509::operator()(x509_st* certificate) const { X509_free(certificate); }
void FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

TlsKeyPair read_key_pair(const std::string& certificates, const std::string& key) {
  TlsKeyPair pair{server_chain(certificates), nullptr};
  pair.key = server_key(key);
  const EVP_PKEY* const published = X509_get0_pubkey(pair.chain[0].get());
  if (published == nullptr) refuse("tls: unknown public key algorithm");
  if (EVP_PKEY_get_base_id(published) != EVP_PKEY_get_base_id(pair.key.get())) {
    refuse("tls: private key type does not match public key type");
  }
  if (EVP_PKEY_eq(published, pair.key.get()) != 1) {
    ERR_clear_error();
    refuse("tls: private key does not match public key");
  }
  return pair;
}

std::vector<X509Ptr> read_certificates(const std::string& text) {
  std::vector<X509Ptr> certificates;
  for (const PemBlock& block : pem_blocks(text)) {
    if (block.type != "CERTIFICATE") continue;
    if (X509Ptr certificate = parse_certificate(block)) {
      certificates.push_back(std::move(certificate));
    }
  }
  return certificates;
}

}  // namespace hearth::web
