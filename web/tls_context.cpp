#include "web/tls_context.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "web/tls_key_pair.h"

namespace hearth::web {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

// Go's names in Go's order of preference; those of TLS 1.3 cannot be chosen there either.
struct NamedCipher {
  std::string_view go, openssl;
};
constexpr NamedCipher kCiphers[] = {
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
};

constexpr const char* kCiphers13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

struct NamedCurve {
  std::string_view go, openssl;
};
constexpr NamedCurve kCurves[] = {
    {"X25519", "X25519"}, {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}};

constexpr const char* kSignatures =
    "RSA-PSS+SHA256:ECDSA+SHA256:ed25519:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:"
    "RSA+SHA512:ECDSA+SHA384:ECDSA+SHA512";

int version_number(const std::string& name, int otherwise) {
  if (name == "TLS10") return TLS1_VERSION;
  if (name == "TLS11") return TLS1_1_VERSION;
  if (name == "TLS12") return TLS1_2_VERSION;
  return name == "TLS13" ? TLS1_3_VERSION : otherwise;
}

// Those of `known` that are wanted, all where nothing is, joined by colons.
template <class Named, size_t n>
std::string chosen(const Named (&known)[n], const std::vector<std::string>& wanted) {
  std::string list;
  for (const Named& one : known) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), one.go) == wanted.end()) {
      continue;
    }
    list.append(list.empty() ? "" : ":").append(one.openssl);
  }
  return list;
}

void set_strength(SSL_CTX* context, const TlsServerConfig& config) {
  const std::string ciphers = chosen(kCiphers, config.cipher_suites);
  // Without a cipher below TLS 1.3 there is nothing below it.
  const int min =
      ciphers.empty() ? TLS1_3_VERSION : version_number(config.min_version, TLS1_2_VERSION);
  SSL_CTX_set_min_proto_version(context, min);
  SSL_CTX_set_max_proto_version(context, version_number(config.max_version, TLS1_3_VERSION));
  // The lists say what is allowed; the level would refuse TLS 1.0 and 1.1 also where they are asked
  // for.
  SSL_CTX_set_security_level(context, 0);
  if (!ciphers.empty()) SSL_CTX_set_cipher_list(context, ciphers.c_str());
  SSL_CTX_set_ciphersuites(context, kCiphers13);
  SSL_CTX_set1_sigalgs_list(context, kSignatures);
  std::string curves = chosen(kCurves, config.curve_preferences);
  if (curves.empty()) curves = chosen(kCurves, {});
  SSL_CTX_set1_groups_list(context, curves.c_str());
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
}

// Of the client's protocols only HTTP/1.1 is spoken here.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int size, void*) {
  static constexpr std::string_view kHttp = "http/1.1";
  for (unsigned int at = 0; at < size; at += 1u + offered[at]) {
    const std::string_view name(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
    if (name != kHttp) continue;
    *out = offered + at + 1;
    *out_size = static_cast<unsigned char>(kHttp.size());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::string file_or(const std::string& file, const std::string& text, const char* what) {
  if (file.empty()) return text;
  try {
    return read_named_file(file);
  } catch (const Error& error) {
    throw Error(error.kind(),
                "failed to read " + std::string(what) + " (" + file + "): " + error.what());
  }
}

void use_key_pair(SSL_CTX* context, const TlsServerConfig& config) {
  const std::string certificates = file_or(config.cert_file, config.cert, "cert_file");
  const std::string key = file_or(config.key_file, config.key.value, "key_file");
  try {
    const TlsKeyPair pair = read_key_pair(certificates, key);
    bool used = SSL_CTX_use_certificate(context, pair.chain[0].get()) == 1 &&
                SSL_CTX_use_PrivateKey(context, pair.key.get()) == 1;
    for (size_t i = 1; i < pair.chain.size() && used; ++i) {
      used = SSL_CTX_add1_chain_cert(context, pair.chain[i].get()) == 1;
    }
    ERR_clear_error();
    if (!used) refuse("tls: this kind of certificate or key cannot be used");
  } catch (const Error& error) {
    refuse("failed to load X509KeyPair: " + std::string(error.what()));
  }
}

struct ClientAuth {
  std::string_view name;
  int mode;
  bool verifies;
};
constexpr int kAsked = SSL_VERIFY_PEER;
constexpr int kRequired = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
constexpr ClientAuth kClientAuth[] = {{"", SSL_VERIFY_NONE, false},
                                      {"NoClientCert", SSL_VERIFY_NONE, false},
                                      {"RequestClientCert", kAsked, false},
                                      {"RequireAnyClientCert", kRequired, false},
                                      {"RequireClientCert", kRequired, false},
                                      {"VerifyClientCertIfGiven", kAsked, true},
                                      {"RequireAndVerifyClientCert", kRequired, true}};

// As Go writes an address.
std::string ip_text(const ASN1_OCTET_STRING* bytes) {
  const unsigned char* data = ASN1_STRING_get0_data(bytes);
  const int size = ASN1_STRING_length(bytes);
  char text[INET6_ADDRSTRLEN] = "";
  if (size == 4) inet_ntop(AF_INET, data, text, sizeof text);
  if (size == 16) {
    static constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const bool mapped = std::equal(std::begin(kMapped), std::end(kMapped), data);
    inet_ntop(mapped ? AF_INET : AF_INET6, mapped ? data + 12 : data, text, sizeof text);
  }
  return text;
}

std::vector<std::string> alternative_names(const X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> found(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  for (int i = 0; i < sk_GENERAL_NAME_num(found.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(found.get(), i);
    int type = 0;
    const void* const value = GENERAL_NAME_get0_value(name, &type);
    if (type == GEN_DNS || type == GEN_EMAIL || type == GEN_URI) {
      const auto* text = static_cast<const ASN1_IA5STRING*>(value);
      names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                         static_cast<size_t>(ASN1_STRING_length(text)));
    } else if (type == GEN_IPADD) {
      names.push_back(ip_text(static_cast<const ASN1_OCTET_STRING*>(value)));
    }
  }
  return names;
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

// OpenSSL asks for it when a client has sent a certificate.
struct TlsContext::Verifier {
  static int verify(X509_STORE_CTX* store, void* self) {
    const TlsContext& context = *static_cast<const TlsContext*>(self);
    if (context.verifies_) {
      // As by default, but that a signature over SHA-1 proves nothing.
      X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(store), 1);
      if (X509_verify_cert(store) != 1) return 0;
    }
    if (context.allows(alternative_names(X509_STORE_CTX_get0_cert(store)))) return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
};

bool TlsContext::allows(const std::vector<std::string>& names) const {
  return allowed_names_.empty() ||
         std::any_of(names.begin(), names.end(), [&](const std::string& name) {
           return std::find(allowed_names_.begin(), allowed_names_.end(), name) !=
                  allowed_names_.end();
         });
}

TlsContext::TlsContext(const TlsServerConfig& config)
    : context_(SSL_CTX_new(TLS_server_method())), allowed_names_(config.client_allowed_sans) {
  if (!config.enabled()) refuse("TLS config is not present");
  if (config.cert_file.empty() && config.cert.empty()) {
    refuse("missing one of cert or cert_file");
  }
  if (config.key_file.empty() && config.key.value.empty()) {
    refuse("missing one of key or key_file");
  }
  set_strength(context_.get(), config);
  use_key_pair(context_.get(), config);
  SSL_CTX_set_alpn_select_cb(context_.get(), select_protocol, nullptr);
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);  // clients keep tickets
  static constexpr unsigned char kSessions[] = "hearth";
  SSL_CTX_set_session_id_context(context_.get(), kSessions, sizeof kSessions - 1);
  use_client_authorities(config);
}

void TlsContext::use_client_authorities(const TlsServerConfig& config) {
  std::string authorities = config.client_ca;
  if (!config.client_ca_file.empty()) authorities = read_named_file(config.client_ca_file);
  const auto found =
      std::find_if(std::begin(kClientAuth), std::end(kClientAuth),
                   [&](const ClientAuth& auth) { return auth.name == config.client_auth_type; });
  if (found == std::end(kClientAuth)) refuse("invalid ClientAuth: " + config.client_auth_type);
  const bool given = !config.client_ca_file.empty() || !config.client_ca.empty();
  if (given && found->mode == SSL_VERIFY_NONE) {
    refuse("client CA's have been configured without a Client Auth Policy");
  }
  SSL_CTX* const context = context_.get();
  SSL_CTX_set_verify(context, found->mode, nullptr);
  SSL_CTX_set_cert_verify_callback(context, Verifier::verify, this);
  asks_ = found->mode != SSL_VERIFY_NONE;
  verifies_ = found->verifies;
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);  // any of them is trusted, not only roots
  for (const X509Ptr& authority : read_certificates(authorities)) {
    X509_STORE_add_cert(store, authority.get());
    SSL_CTX_add_client_CA(context, authority.get());
  }
  if (!given && found->verifies) SSL_CTX_set_default_verify_paths(context);
  ERR_clear_error();
}

bool TlsContext::welcomes(const ssl_st* connection) const {
  return !asks_ || allowed_names_.empty() || SSL_get0_peer_certificate(connection) != nullptr;
}

}  // namespace hearth::web
