// A server's certificate with its chain, and its private key, from PEM texts.
#pragma once

#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace hearth::web {

struct FreeX509 {
  void operator()(x509_st* certificate) const;
};
struct FreeKey {
  void operator()(evp_pkey_st* key) const;
};
using X509Ptr = std::unique_ptr<x509_st, FreeX509>;
using KeyPtr = std::unique_ptr<evp_pkey_st, FreeKey>;

struct TlsKeyPair {
  std::vector<X509Ptr> chain;  // the server's own first
  KeyPtr key;
};

// Throws Error(kBadData) in the words of Go's tls.X509KeyPair.
TlsKeyPair read_key_pair(const std::string& certificates, const std::string& key);

// Every certificate of a text that can be read; what is none is left out, as in Go.
std::vector<X509Ptr> read_certificates(const std::string& text);

}  // namespace hearth::web
