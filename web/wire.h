// The bytes of one connection: what everything above reads and writes, plain here, encrypted in
// tls_wire.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth::web {

// Never waits. One thread at a time, not always the same one; the descriptor is the connection's.
class Wire {
 public:
  enum class Io {
    kDone,    // some bytes were moved
    kAgain,   // the socket has none, or no room
    kEnd,     // the other side sends no more
    kBroken,  // nothing can be moved any more
  };
  virtual ~Wire() = default;

  // What has to be done before the first byte. kBroken: `refusal` may have what to send as it is.
  virtual Io begin(std::string& refusal) = 0;
  // Fewer bytes than `size` mean that there were no more.
  virtual Io read(char* to, size_t size, size_t& count) = 0;
  // `count` bytes were taken, of `first` and then of `second`.
  virtual Io write(std::string_view first, std::string_view second, size_t& count) = 0;
  virtual void end_sending() = 0;
};

// Thread-compatible like any Wire.
class PlainWire final : public Wire {
 public:
  explicit PlainWire(int fd) : fd_(fd) {}
  Io begin(std::string& refusal) override;
  Io read(char* to, size_t size, size_t& count) override;
  Io write(std::string_view first, std::string_view second, size_t& count) override;
  void end_sending() override;

 private:
  const int fd_;
};

}  // namespace hearth::web
