// Certificates made inside a test: an authority, and what it signs for 127.0.0.1.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace hearth {

struct TestIdentity {
  std::string cert, key;  // PEM
  std::shared_ptr<X509> x509;
  std::shared_ptr<EVP_PKEY> pkey;
};

inline std::string pem_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<size_t>(size));
  BIO_free(bio);
  return out;
}

// Signed by `issuer`, or by itself; `names` as openssl writes them: "IP:127.0.0.1", "DNS:a". Without names it
// is an authority.
inline TestIdentity make_identity(const std::string& name, const TestIdentity* issuer = nullptr,
                                  const std::string& names = "") {
  TestIdentity out;
  out.pkey.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
  out.x509.reset(X509_new(), X509_free);
  X509* cert = out.x509.get();
  static long serial = 0;
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, out.pkey.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(cert, X509_get_subject_name(issuer == nullptr ? cert : issuer->x509.get()));
  const auto extend = [&](int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, names.empty() ? "critical,CA:TRUE" : "CA:FALSE");
  if (!names.empty()) extend(NID_subject_alt_name, names);
  X509_sign(cert, issuer == nullptr ? out.pkey.get() : issuer->pkey.get(), EVP_sha256());

  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, cert);
  out.cert = pem_text(bio);
  bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, out.pkey.get(), nullptr, nullptr, 0, nullptr, nullptr);
  out.key = pem_text(bio);
  return out;
}

}  // namespace hearth
