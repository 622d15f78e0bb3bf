#include "web/tls_wire.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "core/error.h"
#include "core/log.h"

namespace hearth::web {
namespace {

constexpr size_t kRecordHeader = 5;
constexpr std::array<std::string_view, 5> kHttp = {"GET /", "HEAD ", "POST ", "PUT /", "OPTIO"};
constexpr std::string_view kHttpRefusal =
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

int as_int(size_t size) {
  return static_cast<int>(std::min<size_t>(size, std::numeric_limits<int>::max()));
}

std::string last_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the connection ended" : reason;
}

}  // namespace

void TlsWire::Free::operator()(ssl_st* connection) const { SSL_free(connection); }

TlsWire::~TlsWire() = default;

// kDone: it does not, as far as the first bytes tell.
Wire::Io TlsWire::speaks_plain_http(std::string& refusal) const {
  char start[kRecordHeader];
  const ssize_t count = recv(fd_, start, sizeof start, MSG_PEEK | MSG_DONTWAIT);
  if (count == 0) return Io::kEnd;
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Io::kAgain : Io::kBroken;
  if (static_cast<size_t>(count) < kRecordHeader) return Io::kAgain;
  const std::string_view text(start, sizeof start);
  if (std::find(kHttp.begin(), kHttp.end(), text) == kHttp.end()) return Io::kDone;
  refusal = kHttpRefusal;
  return Io::kBroken;
}

Wire::Io TlsWire::begin(std::string& refusal) {
  if (!connection_) {
    if (const Io io = speaks_plain_http(refusal); io != Io::kDone) return io;
    context_ = file_.tls();
    connection_.reset(SSL_new(context_->get()));
    if (!connection_) throw Error(ErrorKind::kInternal, "TLS: no memory for a connection");
    SSL_set_fd(connection_.get(), fd_);
    SSL_set_accept_state(connection_.get());
  }
  ERR_clear_error();
  const Io io = outcome(SSL_do_handshake(connection_.get()));
  if (io == Io::kBroken) log_debug("TLS handshake failed", "err", last_error());
  if (io != Io::kDone || context_->welcomes(connection_.get())) return io;
  log_debug("TLS handshake failed", "err", "the client has no certificate");
  return Io::kBroken;
}

// Until the buffer is full or the socket is empty, so that nothing stays in the library's buffers
// unnoticed.
Wire::Io TlsWire::read(char* to, size_t size, size_t& count) {
  count = 0;
  Io io = Io::kDone;
  while (count < size && io == Io::kDone) {
    ERR_clear_error();
    const int received = SSL_read(connection_.get(), to + count, as_int(size - count));
    io = outcome(received);
    if (received > 0) count += static_cast<size_t>(received);
  }
  return count > 0 ? Io::kDone : io;
}

Wire::Io TlsWire::write(std::string_view first, std::string_view second, size_t& count) {
  count = 0;
  Io io = Io::kDone;
  for (std::string_view part : {first, second}) {
    while (!part.empty() && io == Io::kDone) {
      ERR_clear_error();
      const int sent = SSL_write(connection_.get(), part.data(), as_int(part.size()));
      io = outcome(sent);
      if (sent <= 0) continue;
      count += static_cast<size_t>(sent);
      part.remove_prefix(static_cast<size_t>(sent));
    }
  }
  return count > 0 ? Io::kDone : io;
}

void TlsWire::end_sending() {
  ERR_clear_error();
  if (connection_ && SSL_is_init_finished(connection_.get())) SSL_shutdown(connection_.get());
  shutdown(fd_, SHUT_WR);
}

Wire::Io TlsWire::outcome(int result) const {
  if (result > 0) return Io::kDone;
  switch (SSL_get_error(connection_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Io::kAgain;
    case SSL_ERROR_ZERO_RETURN:
      return Io::kEnd;
    default:
      return Io::kBroken;
  }
}

}  // namespace hearth::web
