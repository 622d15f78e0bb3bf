// A client under TLS that sends exactly the bytes a test says.
#pragma once

#include <openssl/ssl.h>

#include <csignal>
#include <memory>
#include <string>

#include "tests/core/test_certificates.h"
#include "tests/web/raw_client.h"

namespace hearth::web {

struct TlsClientOptions {
  int min_version = 0, max_version = 0;
  std::string ciphers, protocols;          // protocols as on the wire: "\x08http/1.1"
  const TestIdentity* identity = nullptr;  // what it shows
};

class TlsClient final : public RawClient {
 public:
  explicit TlsClient(int port, const TlsClientOptions& options = {}, int receive_buffer = 0)
      : RawClient(port, receive_buffer),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_(nullptr, SSL_free) {
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), options.min_version);
    SSL_CTX_set_max_proto_version(context_.get(), options.max_version);
    if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(context_.get(), options.ciphers.c_str());
    if (options.identity != nullptr) {
      SSL_CTX_use_certificate(context_.get(), options.identity->x509.get());
      SSL_CTX_use_PrivateKey(context_.get(), options.identity->pkey.get());
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd());
    if (!options.protocols.empty()) {
      SSL_set_alpn_protos(ssl_.get(),
                          reinterpret_cast<const unsigned char*>(options.protocols.data()),
                          static_cast<unsigned>(options.protocols.size()));
    }
    connected_ = SSL_connect(ssl_.get()) == 1;
  }

  bool connected() const { return connected_; }  // as far as the client can tell
  std::string version() const { return SSL_get_version(ssl_.get()); }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  std::string server_name() const {
    const std::unique_ptr<X509, decltype(&X509_free)> cert(SSL_get1_peer_certificate(ssl_.get()),
                                                           X509_free);
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert.get()), NID_commonName, name, sizeof name);
    return name;
  }
  // Whether it may renegotiate.
  bool renegotiates() {
    if (SSL_renegotiate(ssl_.get()) != 1) return false;
    return SSL_do_handshake(ssl_.get()) == 1;
  }

 private:
  ssize_t put(std::string_view bytes) override {
    return connected_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) : -1;
  }
  ssize_t take(char* to, size_t size) override {
    errno = 0;
    return connected_ ? SSL_read(ssl_.get(), to, static_cast<int>(size)) : 0;
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool connected_ = false;
};

}  // namespace hearth::web
