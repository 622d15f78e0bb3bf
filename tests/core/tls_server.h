// An HTTPS server inside a test, which counts its connections and may want certificates of its clients.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "core/mutex.h"
#include "tests/core/test_certificates.h"

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
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 128);
    socklen_t length = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TlsServer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      MutexLock lock(mutex_);
      for (const int fd : connections_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    for (const int fd : connections_) close(fd);
    SSL_CTX_free(context_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }
  int port() const { return port_; }
  size_t connections() const {
    MutexLock lock(mutex_);
    return connections_.size();
  }

 private:
  void accept_all() {
    for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      {
        MutexLock lock(mutex_);
        connections_.push_back(fd);
      }
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }
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
    shutdown(fd, SHUT_RDWR);  // closed by the destructor, so that the number is not used again
  }

  const Handler handler_;
  SSL_CTX* context_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  std::list<std::thread> threads_;  // of the acceptor's thread, then of the destructor
  mutable Mutex mutex_;
  std::vector<int> connections_ GUARDED_BY(mutex_);
};

}  // namespace hearth
