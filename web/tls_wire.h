// A connection's bytes under TLS.
#pragma once

#include <memory>

#include "web/web_config_file.h"
#include "web/wire.h"

namespace hearth::web {

// Accepts with what `file` has when the client begins. Thread-compatible like any Wire.
class TlsWire final : public Wire {
 public:
  TlsWire(int fd, WebConfigFile& file) : fd_(fd), file_(file) {}
  ~TlsWire() override;

  Io begin(std::string& refusal) override;
  Io read(char* to, size_t size, size_t& count) override;
  Io write(std::string_view first, std::string_view second, size_t& count) override;
  void end_sending() override;

 private:
  struct Free {
    void operator()(ssl_st* connection) const;
  };
  Io speaks_plain_http(std::string& refusal) const;
  Io outcome(int result) const;

  const int fd_;
  WebConfigFile& file_;
  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<ssl_st, Free> connection_;  // nullptr: nothing has come yet
};

}  // namespace hearth::web
