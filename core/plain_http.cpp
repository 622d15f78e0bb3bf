#include "core/plain_http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/http_error.h"
#include "core/http_response_reader.h"

namespace hearth {
namespace {

constexpr int kKeepAliveSeconds = 15;
constexpr uint64_t kWakeEvent = ~uint64_t{0};
constexpr uint64_t kOthersEvent = ~uint64_t{1};
constexpr std::string_view kScheme = "http://";

int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
  std::string text;  // "127.0.0.1:80"
};

struct Url {
  std::string_view host;  // as a request names it, with a port where there is one
  std::string_view path;  // with the query, without the fragment
};

// false: no URL of a kind that is read here.
bool split(std::string_view url, Url& out) {
  if (!url.starts_with(kScheme)) return false;
  url.remove_prefix(kScheme.size());
  url = url.substr(0, url.find('#'));
  const size_t end = std::min(url.find_first_of("/?"), url.size());
  out.host = url.substr(0, end);
  out.path = url.substr(end);
  const bool is_clean = std::none_of(url.begin(), url.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  });
  return is_clean && out.host.find('@') == std::string_view::npos && !out.path.starts_with('?');
}

// false: no address in numbers.
bool resolve(std::string_view host, Address& out) {
  uint16_t port = 80;
  const size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    const std::string_view digits = host.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) return false;
    host = host.substr(0, colon);
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    const std::string ip(host.substr(1, host.size() - 2));
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.bytes);
    if (inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) != 1) return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out.size = sizeof *v6;
    out.text = fmt::format("[{}]:{}", ip, port);
    return true;
  }
  const std::string ip(host);
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.bytes);
  if (inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) != 1) return false;
  v4->sin_family = AF_INET;
  v4->sin_port = htons(port);
  out.size = sizeof *v4;
  out.text = fmt::format("{}:{}", ip, port);
  return true;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Where `location` leads on a page of `base`; "" = nowhere.
std::string absolute_url(const std::string& base, const std::string& location) {
  std::string found;
  if (location.empty()) return found;
  CURLU* parts = curl_url();
  char* text = nullptr;
  if (curl_url_set(parts, CURLUPART_URL, base.c_str(), 0) == CURLUE_OK &&
      curl_url_set(parts, CURLUPART_URL, location.c_str(), CURLU_URLENCODE) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_URL, &text, 0) == CURLUE_OK) {
    found = text;
  }
  curl_free(text);
  curl_url_cleanup(parts);
  return found;
}

class Connection;

}  // namespace

struct PlainHttp::State {
  int epoll = -1;
  int wake_fd = -1;
  using Deadlines = std::set<std::pair<int64_t, uint64_t>>;  // steady ms, connection
  // A connection's id is its place, and above that how often the place was given away: events may come for
  // those that are gone.
  struct Place {
    Connection* connection = nullptr;
    uint32_t times_given = 0;
  };
  std::vector<Place> places;
  std::vector<uint32_t> free_places;
  Deadlines deadlines;
  std::array<char, 1 << 16> buffer;

  uint64_t enter(Connection* connection) {
    if (free_places.empty()) {
      free_places.push_back(static_cast<uint32_t>(places.size()));
      places.emplace_back();
    }
    const uint32_t place = free_places.back();
    free_places.pop_back();
    places[place].connection = connection;
    return uint64_t{++places[place].times_given} << 32 | place;
  }
  void leave(uint64_t id) {
    places[static_cast<uint32_t>(id)].connection = nullptr;
    free_places.push_back(static_cast<uint32_t>(id));
  }
  Connection* find(uint64_t id) const {
    const Place& place = places[static_cast<uint32_t>(id)];
    return place.times_given == id >> 32 ? place.connection : nullptr;
  }
  void watch_for_reading(int fd, uint64_t event_id) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = event_id;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
};

namespace {

class Connection final : public PlainHttp::Slot {
 public:
  explicit Connection(PlainHttp::State& client) : client_(client), id_(client.enter(this)) {}
  ~Connection() override {
    disconnect();
    set_deadline(0);
    client_.leave(id_);
  }

  void start(const HttpRequest& request, PlainHttp::Done done);
  void repeat(const HttpRequest& request, PlainHttp::Done done);
  // Both may destroy it.
  void event(uint32_t events);
  void expire();

 private:
  void connect();
  void disconnect();
  void send();
  void receive();
  void received(HttpResponseReader::Result result);
  void broken(int code, int os_error, const std::string& detail = "");
  void finish(HttpResponse&& response);
  void set_deadline(int64_t at);
  void watch(int operation, uint32_t events);
  int take_socket_error() const;

  PlainHttp::State& client_;
  const uint64_t id_;
  int fd_ = -1;
  Address address_;  // of fd_
  bool connecting_ = false;
  bool used_ = false;  // the connection has served a request before
  bool running_ = false;
  bool blocked_ = false;  // not all could be sent yet
  int64_t deadline_ = 0;
  PlainHttp::State::Deadlines::node_type unused_;  // its place among the deadlines, while it has none
  int start_error_ = 0;  // that connecting gave at once
  std::string url_, head_;
  size_t sent_ = 0;  // of head_
  HttpResponseReader reader_;
  PlainHttp::Done done_;
};

void Connection::set_deadline(int64_t at) {
  if (deadline_ != 0) unused_ = client_.deadlines.extract({deadline_, id_});
  deadline_ = at;
  if (deadline_ == 0) return;
  if (unused_.empty()) {
    client_.deadlines.emplace(deadline_, id_);
  } else {
    unused_.value() = {deadline_, id_};
    client_.deadlines.insert(std::move(unused_));
  }
}

void Connection::watch(int operation, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id_;
  epoll_ctl(client_.epoll, operation, fd_, &event);
}

void Connection::disconnect() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  connecting_ = used_ = blocked_ = false;
  start_error_ = 0;
}

int Connection::take_socket_error() const {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

void Connection::start(const HttpRequest& request, PlainHttp::Done done) {
  Url url;
  Address address;
  split(request.url, url);
  resolve(url.host, address);
  if (fd_ >= 0 && address.text != address_.text) disconnect();
  address_ = std::move(address);
  url_ = request.url;
  head_ = fmt::format("GET {}{} HTTP/1.1\r\nHost: {}\r\n", url.path.empty() ? "/" : "", url.path,
                      url.host);
  for (const std::string& header : request.headers) head_.append(header).append("\r\n");
  head_ += "\r\n";
  repeat(request, std::move(done));
}

void Connection::repeat(const HttpRequest& request, PlainHttp::Done done) {
  done_ = std::move(done);
  running_ = true;
  reader_.begin(request.max_body_bytes, request.expected_body_bytes);
  set_deadline(request.timeout > 0 ? steady_ms() + request.timeout : 0);
  sent_ = 0;
  if (fd_ < 0) {
    connect();
  } else {
    send();
  }
}

// What fails at once is told by work(), too.
void Connection::connect() {
  sent_ = 0;
  used_ = false;
  fd_ = socket(address_.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  connecting_ = true;
  if (fd_ >= 0) {
    const int on = 1, seconds = kKeepAliveSeconds;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd_, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    setsockopt(fd_, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
  }
  if (fd_ < 0 ||
      (::connect(fd_, reinterpret_cast<const sockaddr*>(&address_.bytes), address_.size) != 0 &&
       errno != EINPROGRESS)) {
    start_error_ = errno;
    set_deadline(steady_ms());
    return;
  }
  watch(EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
}

void Connection::send() {
  const std::string_view rest = std::string_view(head_).substr(sent_);
  const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    broken(CURLE_SEND_ERROR, errno);
    return;
  }
  sent_ += sent > 0 ? static_cast<size_t>(sent) : 0;
  const bool blocked = sent_ < head_.size();
  if (blocked != blocked_) watch(EPOLL_CTL_MOD, EPOLLIN | EPOLLRDHUP | (blocked ? EPOLLOUT : 0u));
  blocked_ = blocked;
}

void Connection::event(uint32_t events) {
  if (fd_ < 0) return;
  if (!running_) {  // closed while it was idle, or something that nobody asked for
    disconnect();
    return;
  }
  if (connecting_) {
    if (const int error = take_socket_error(); error != 0) {
      broken(CURLE_COULDNT_CONNECT, error);
      return;
    }
    if ((events & EPOLLOUT) == 0) return;
    connecting_ = false;
    blocked_ = true;
    send();
    return;
  }
  if ((events & EPOLLOUT) != 0) {
    send();
    if (!running_ || fd_ < 0 || connecting_) return;
  }
  if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) receive();
}

void Connection::receive() {
  for (;;) {
    const ssize_t got = recv(fd_, client_.buffer.data(), client_.buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) return broken(CURLE_RECV_ERROR, errno);
    const auto size = static_cast<size_t>(got);
    const auto result = size == 0 ? reader_.end() : reader_.read({client_.buffer.data(), size});
    if (result != HttpResponseReader::Result::kMore) return received(result);
    if (size == 0) return broken(reader_.has_begun() ? CURLE_PARTIAL_FILE : CURLE_GOT_NOTHING, 0);
    if (size < client_.buffer.size()) return;
  }
}

void Connection::received(HttpResponseReader::Result result) {
  if (result == HttpResponseReader::Result::kMalformed) return broken(CURLE_OK, 0, reader_.fault());
  if (result == HttpResponseReader::Result::kComplete && reader_.keeps_connection()) {
    used_ = true;
  } else {
    disconnect();
  }
  HttpResponse response = std::move(reader_.response());
  if (is_redirect(response.status)) response.redirect_url = absolute_url(url_, reader_.location());
  finish(std::move(response));
}

void Connection::broken(int code, int os_error, const std::string& detail) {
  // A server may close a connection that idles just when a request is sent.
  const bool again = used_ && !reader_.has_begun();
  disconnect();
  if (again) {
    connect();
    return;
  }
  HttpFailure failure;
  failure.code = code;
  failure.method = "GET";
  failure.url = url_;
  failure.detail = detail;
  failure.headers_complete = reader_.headers_complete();
  failure.os_error = os_error;
  failure.peer = address_.text;
  HttpResponse response = std::move(reader_.response());
  response.error = http_failure_text(failure);
  finish(std::move(response));
}

void Connection::expire() {
  used_ = false;
  if (start_error_ != 0) {
    broken(CURLE_COULDNT_CONNECT, std::exchange(start_error_, 0));
  } else {
    broken(CURLE_OPERATION_TIMEDOUT, 0);
  }
}

void Connection::finish(HttpResponse&& response) {
  running_ = false;
  set_deadline(0);
  PlainHttp::Done done = std::move(done_);
  done(std::move(response));
}

}  // namespace

// ---- the client --------------------------------------------------------------------------------

PlainHttp::PlainHttp() : state_(std::make_unique<State>()) {
  state_->epoll = epoll_create1(EPOLL_CLOEXEC);
  state_->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (state_->epoll < 0 || state_->wake_fd < 0) {
    throw Error(ErrorKind::kIo, fmt::format("cannot make an event loop: {}", std::strerror(errno)));
  }
  state_->watch_for_reading(state_->wake_fd, kWakeEvent);
}

PlainHttp::~PlainHttp() {
  close(state_->wake_fd);
  close(state_->epoll);
}

bool PlainHttp::fits(const HttpRequest& request) {
  const HttpOptions& options = request.options;
  if (request.method != "GET" || request.keep_headers || request.on_data || !request.body.empty() ||
      !options.proxy_url.empty() || options.proxy_from_environment ||
      !options.unix_socket.empty()) {
    return false;
  }
  Url url;
  Address address;
  return split(request.url, url) && resolve(url.host, address);
}

std::unique_ptr<PlainHttp::Slot> PlainHttp::slot() { return std::make_unique<Connection>(*state_); }

void PlainHttp::start(Slot& slot, const HttpRequest& request, Done done) {
  static_cast<Connection&>(slot).start(request, std::move(done));
}

void PlainHttp::repeat(Slot& slot, const HttpRequest& request, Done done) {
  static_cast<Connection&>(slot).repeat(request, std::move(done));
}

bool PlainHttp::poll(DurationMs wait_ms) {
  constexpr DurationMs kLongest = 3'600'000;
  wait_ms = std::clamp<DurationMs>(wait_ms, 0, kLongest);
  if (!state_->deadlines.empty()) {
    wait_ms = std::clamp<DurationMs>(state_->deadlines.begin()->first - steady_ms(), 0, wait_ms);
  }
  bool others = false;
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(state_->epoll, events.data(), static_cast<int>(events.size()),
                               static_cast<int>(wait_ms));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.u64 == kOthersEvent) {
      others = true;
    } else if (event.data.u64 == kWakeEvent) {
      uint64_t ignored;  // one read takes all that has been written
      (void)!read(state_->wake_fd, &ignored, sizeof ignored);
    } else if (Connection* const connection = state_->find(event.data.u64)) {
      connection->event(event.events);
    }
  }
  if (state_->deadlines.empty()) return others;
  const int64_t now = steady_ms();
  while (!state_->deadlines.empty() && state_->deadlines.begin()->first <= now) {
    state_->find(state_->deadlines.begin()->second)->expire();
  }
  return others;
}

void PlainHttp::wake() {
  const uint64_t one = 1;
  // A full counter wakes all the same.
  (void)!write(state_->wake_fd, &one, sizeof one);
}

void PlainHttp::also_return_for(int fd) { state_->watch_for_reading(fd, kOthersEvent); }

}  // namespace hearth
