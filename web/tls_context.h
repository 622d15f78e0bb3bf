// What TLS connections are accepted with: certificate, key, versions, ciphers, whose certificates
// are asked for. The library behind it, OpenSSL, stays in tls_*.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/web_config.h"

struct ssl_ctx_st;
struct ssl_st;

namespace hearth::web {

// Immutable; thread-safe.
class TlsContext {
 public:
  // Reads the files that `config` names. Throws Error in Go's words.
  explicit TlsContext(const TlsServerConfig& config);

  ssl_ctx_st* get() const { return context_.get(); }
  TlsContext(const TlsContext&) = delete;  // the library knows its address
  TlsContext& operator=(const TlsContext&) = delete;

  // Whether a client may stay after the handshake: one without a certificate may not where names
  // are asked for.
  bool welcomes(const ssl_st* connection) const;

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  struct Verifier;
  void use_client_authorities(const TlsServerConfig& config);
  bool allows(const std::vector<std::string>& names) const;

  std::unique_ptr<ssl_ctx_st, Free> context_;
  bool asks_ = false;      // for client certificates
  bool verifies_ = false;  // them against the authorities
  const std::vector<std::string> allowed_names_;
};

}  // namespace hearth::web
