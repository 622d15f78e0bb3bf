// Keeps a number of connections busy with one request each, until the time is over and each has had an answer: what
// benchmarks/http_load.py measures servers with.
//
// Usage: http_load PORT PATH CONNECTIONS SECONDS [tls]
// Prints {"requests":N,"seconds":S,"bytes":B,"p50_ms":A,"p99_ms":C,"errors":E}.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Takes an answer's bytes, whichever way they come; keeps none of the body. One thread.
class AnswerReader {
 public:
  // True when the answer is complete.
  bool take(std::string_view bytes) {
    while (!bytes.empty() && state_ != State::kDone) {
      if (state_ == State::kBody) {
        const size_t count = std::min(left_, bytes.size());
        bytes.remove_prefix(count);
        left_ -= count;
        if (left_ == 0) state_ = chunked_ ? State::kChunkEnd : State::kDone;
        continue;
      }
      const size_t newline = bytes.find('\n');
      line_.append(bytes.substr(0, newline));
      if (newline == std::string_view::npos) return false;
      bytes.remove_prefix(newline + 1);
      if (line_.ends_with('\r')) line_.pop_back();
      take_line();
      line_.clear();
    }
    return state_ == State::kDone;
  }
  bool good() const { return good_; }
  void reset() { *this = {}; }

 private:
  enum class State { kStatus, kFields, kBody, kChunkSize, kChunkEnd, kTrailer, kDone };

  void take_line() {
    switch (state_) {
      case State::kStatus:
        good_ = line_.starts_with("HTTP/1.1 200");
        state_ = State::kFields;
        break;
      case State::kFields:
        take_field();
        break;
      case State::kChunkSize:
        left_ = std::strtoul(line_.c_str(), nullptr, 16);
        state_ = left_ == 0 ? State::kTrailer : State::kBody;
        break;
      case State::kChunkEnd:
        state_ = State::kChunkSize;
        break;
      default:
        if (line_.empty()) state_ = State::kDone;
    }
  }
  void take_field() {
    for (char& c : line_) c = static_cast<char>(std::tolower(c));
    if (line_.starts_with("content-length:")) left_ = std::strtoul(line_.c_str() + 15, nullptr, 10);
    if (line_.starts_with("transfer-encoding:")) chunked_ = true;
    if (!line_.empty()) return;
    state_ = chunked_ ? State::kChunkSize : left_ > 0 ? State::kBody : State::kDone;
  }

  State state_ = State::kStatus;
  std::string line_;
  size_t left_ = 0;
  bool chunked_ = false, good_ = false;
};

struct Client {
  int fd = -1;
  SSL* ssl = nullptr;
  AnswerReader reader;
  double begun = 0;
  bool answered = false;
};

struct Load {
  Load(int server_port, const std::string& path, SSL_CTX* context)
      : port(server_port),
        request("GET " + path + " HTTP/1.1\r\nHost: load\r\n\r\n"),
        tls(context),
        epoll(epoll_create1(0)),
        buffer(256 * 1024, '\0') {}

  void connect(Client& client) {
    client.fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(client.fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
      std::perror("connect");
      std::exit(1);
    }
    if (tls != nullptr) {
      client.ssl = SSL_new(tls);
      SSL_set_fd(client.ssl, client.fd);
      if (SSL_connect(client.ssl) != 1) std::exit(1);
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &client;
    epoll_ctl(epoll, EPOLL_CTL_ADD, client.fd, &event);
  }
  void ask(Client& client) {
    client.begun = now_seconds();
    const int size = static_cast<int>(request.size());
    const ssize_t sent = client.ssl != nullptr ? SSL_write(client.ssl, request.data(), size)
                                               : send(client.fd, request.data(), request.size(), 0);
    if (sent != size) ++errors;
  }
  // One read's worth; false: the connection is of no more use.
  bool receive(Client& client) {
    do {
      const ssize_t count =
          client.ssl != nullptr ? SSL_read(client.ssl, buffer.data(), static_cast<int>(buffer.size()))
                                : recv(client.fd, buffer.data(), buffer.size(), 0);
      if (count <= 0) return false;
      bytes += static_cast<size_t>(count);
      if (!client.reader.take({buffer.data(), static_cast<size_t>(count)})) continue;
      if (!client.reader.good()) ++errors;
      if (!client.answered) ++answered;
      client.answered = true;
      taken_ms.push_back((now_seconds() - client.begun) * 1000);
      client.reader.reset();
      ask(client);
    } while (client.ssl != nullptr && SSL_pending(client.ssl) > 0);
    return true;
  }
  void run(size_t connections, double seconds) {
    std::vector<Client> clients(connections);
    for (Client& client : clients) connect(client);
    for (Client& client : clients) ask(client);
    const double begin = now_seconds();
    epoll_event events[256];
    // A server that answers all at once, but slowly, has its first answers late.
    while (now_seconds() < begin + seconds || (answered < connections && errors == 0)) {
      const int count = epoll_wait(epoll, events, 256, 100);
      for (int i = 0; i < count; ++i) {
        auto& client = *static_cast<Client*>(events[i].data.ptr);
        if (receive(client)) continue;
        ++errors;
        epoll_ctl(epoll, EPOLL_CTL_DEL, client.fd, nullptr);
      }
    }
    elapsed = now_seconds() - begin;
  }
  double quantile(double part) {
    if (taken_ms.empty()) return 0;
    const auto at = taken_ms.begin() + static_cast<ptrdiff_t>(part * static_cast<double>(taken_ms.size() - 1));
    std::nth_element(taken_ms.begin(), at, taken_ms.end());
    return *at;
  }

  const int port;
  const std::string request;
  SSL_CTX* const tls;
  const int epoll;
  std::string buffer;
  std::vector<double> taken_ms;
  size_t bytes = 0, errors = 0, answered = 0;  // clients that have had an answer
  double elapsed = 0;
};

}  // namespace

int main(int count, char** words) {
  if (count < 5) {
    fmt::print(stderr, "usage: {} PORT PATH CONNECTIONS SECONDS [tls]\n", words[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  Load load(std::atoi(words[1]), words[2], count > 5 ? SSL_CTX_new(TLS_client_method()) : nullptr);
  load.run(static_cast<size_t>(std::atoi(words[3])), std::atof(words[4]));
  fmt::print("{{\"requests\":{},\"seconds\":{:.3f},\"bytes\":{},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},\"errors\":{}}}\n",
             load.taken_ms.size(), load.elapsed, load.bytes, load.quantile(0.5), load.quantile(0.99), load.errors);
  return load.taken_ms.empty() ? 1 : 0;
}
