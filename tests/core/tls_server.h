// An HTTPS server inside a test, which counts its connections and may want certificates of its clients.
#pragma once

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <csignal>
#include <functional>
#include <memory>
#include <string>

#include "tests/core/test_certificates.h"
#include "tests/core/test_listener.h"

namespace hearth {

// Thread-safe. One thread per connection; all end with it.
class TlsServer {
 public:
  // Gets the request's head and the common name of the client's certificate; returns the whole answer.
  using Handler = std::function<std::string(const std::string& request, const std::string& client)>;

  // Clients need a certificate of `clients`, where there is one.
  TlsServer(const TestIdentity& identity, Handler handler, const TestIdentity* clients = nullptr,
            int max_version = 0)
      : handler_(std::move(handler)), context_(SSL_CTX_new(TLS_server_method())) {
    signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to clients that have gone
    SSL_CTX_use_certificate(context_, identity.x509.get());
    SSL_CTX_use_PrivateKey(context_, identity.pkey.get());
    if (max_version != 0) SSL_CTX_set_max_proto_version(context_, max_version);
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_security_level(context_, 0);
    if (clients != nullptr) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), clients->x509.get());
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    listener_ = std::make_unique<TestListener>([this](int fd) { serve(fd); });
  }
  ~TlsServer() {
    listener_.reset();
    SSL_CTX_free(context_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string address() const { return fmt::format("127.0.0.1:{}", port()); }
  int port() const { return listener_->port(); }
  size_t connections() const { return listener_->connections(); }

 private:
  static std::string client_name(SSL* ssl) {
    X509* cert = SSL_get1_peer_certificate(ssl);
    if (cert == nullptr) return "";
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof name);
    X509_free(cert);
    return name;
  }
  void serve(int fd) {
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, fd);
    std::string input;
    char buffer[4096];
    if (SSL_accept(ssl) == 1) {
      const std::string client = client_name(ssl);
      for (int got; (got = SSL_read(ssl, buffer, sizeof buffer)) > 0;) {
        input.append(buffer, static_cast<size_t>(got));
        const size_t end = input.find("\r\n\r\n");
        if (end == std::string::npos) continue;
        const std::string answer = handler_(input.substr(0, end + 4), client);
        input.clear();
        if (SSL_write(ssl, answer.data(), static_cast<int>(answer.size())) <= 0) break;
      }
    }
    SSL_free(ssl);
    shutdown(fd, SHUT_RDWR);
  }

  const Handler handler_;
  SSL_CTX* context_;
  std::unique_ptr<TestListener> listener_;
};

}  // namespace hearth
