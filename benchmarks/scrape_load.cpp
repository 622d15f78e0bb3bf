// Thousands of targets in one cheap process: what is scraped when scraping is measured
// (scrape_load.py). One thread, bodies are made and compressed beforehand, so that it costs little
// of the machine.
//   scrape_load PORT TARGETS SERIES INTERVAL_SECONDS [DEAD [SLOW [SLOW_SECONDS]]]
// Target i is 127.1.(i/250).(i%250+1):PORT, /metrics. The first DEAD of them take a connection and
// never answer, the next SLOW answer after so many seconds. http://127.0.0.1:PORT/stats tells how
// late scrapes came, as JSON: against the schedule that the earliest scrapes of each target show;
// /reset forgets them.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr size_t kPerNet = 250;
constexpr int kVariants = 5;  // bodies with different values, sent in turns
constexpr std::string_view kHeadEnd = "\r\n\r\n";

struct Plan {
  int port = 0;
  size_t targets = 0, series = 0;
  double interval = 0;  // seconds, here and below
  size_t dead = 0, slow = 0;
  double slow_seconds = 0;
};

double now_seconds() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

// As exporters have it: families of ten series, two labels, counters and gauges.
std::string make_body(size_t series, int variant) {
  std::string body;
  for (size_t i = 0; i < series; ++i) {
    if (i % 10 == 0) {
      body += fmt::format(
          "# HELP load_some_subsystem_metric_{0}_total What metric {0} of this target counts.\n"
          "# TYPE load_some_subsystem_metric_{0}_total counter\n",
          i / 10);
    }
    const size_t value = i % 3 == 0 ? i : i * 1000 + static_cast<size_t>(variant) * (i % 97 + 1);
    body += fmt::format(
        "load_some_subsystem_metric_{}_total{{device=\"device{}\",mode=\"some mode\"}} {}\n",
        i / 10, i % 10, value);
  }
  return body;
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string http_answer(const std::string& body, const char* headers) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n{}Content-Length: "
      "{}\r\n\r\n{}",
      headers, body.size(), body);
}

struct Connection {
  int fd = -1;
  size_t target = 0;  // targets: none of them, a question about the statistics
  std::string in;
  std::string out;  // what could not be sent at once
};

// One thread.
class Server {
 public:
  explicit Server(const Plan& plan);
  [[noreturn]] void run();

 private:
  void accept_all();
  void read(Connection& connection);
  void answer(Connection& connection, std::string_view head);
  void send(Connection& connection, std::string_view bytes);
  void wait_for(const Connection& connection, uint32_t events);
  void close(Connection& connection);
  void answer_slow_ones();
  std::string statistics() const;

  const Plan plan_;
  std::array<std::string, kVariants> zipped_, plain_;
  int listener_ = -1, epoll_ = -1;
  std::map<int, std::unique_ptr<Connection>> connections_;
  std::vector<std::vector<float>> arrivals_;  // by target, seconds since start_
  std::multimap<double, int> slow_;           // when to answer which connection
  size_t answered_ = 0;
  double start_ = now_seconds();
};

Server::Server(const Plan& plan) : plan_(plan), arrivals_(plan.targets) {
  for (int i = 0; i < kVariants; ++i) {
    const std::string body = make_body(plan.series, i);
    const auto variant = static_cast<size_t>(i);
    plain_[variant] = http_answer(body, "");
    zipped_[variant] = http_answer(gzip(body), "Content-Encoding: gzip\r\n");
  }
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(plan.port));
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 4096) != 0) {
    std::perror("listening");
    std::exit(1);
  }
  epoll_ = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
}

void Server::accept_all() {
  for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
    sockaddr_in local{};
    socklen_t length = sizeof local;
    getsockname(fd, reinterpret_cast<sockaddr*>(&local), &length);
    const uint32_t ip = ntohl(local.sin_addr.s_addr);
    auto connection = std::make_unique<Connection>();
    connection->fd = fd;
    connection->target =
        (ip >> 16 & 0xff) == 1 ? (ip >> 8 & 0xff) * kPerNet + (ip & 0xff) - 1 : plan_.targets;
    connections_[fd] = std::move(connection);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
}

void Server::close(Connection& connection) {
  const int fd = connection.fd;
  std::erase_if(slow_, [&](const auto& entry) { return entry.second == fd; });
  ::close(fd);
  connections_.erase(fd);
}

void Server::send(Connection& connection, std::string_view bytes) {
  if (connection.out.empty()) {
    const ssize_t sent = ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(bytes.size())) return;
    bytes.remove_prefix(sent > 0 ? static_cast<size_t>(sent) : 0);
  }
  connection.out = bytes;
  wait_for(connection, EPOLLIN | EPOLLOUT);
}

void Server::wait_for(const Connection& connection, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = connection.fd;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

void Server::read(Connection& connection) {
  std::array<char, 4096> buffer;
  const ssize_t got = recv(connection.fd, buffer.data(), buffer.size(), 0);
  if (got <= 0) {
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) close(connection);
    return;
  }
  connection.in.append(buffer.data(), static_cast<size_t>(got));
  for (size_t end; (end = connection.in.find(kHeadEnd)) != std::string::npos;) {
    const std::string head = connection.in.substr(0, end);
    connection.in.erase(0, end + kHeadEnd.size());
    answer(connection, head);
  }
}

void Server::answer(Connection& connection, std::string_view head) {
  const size_t target = connection.target;
  if (target >= plan_.targets) {
    if (head.starts_with("GET /reset ")) {
      for (std::vector<float>& times : arrivals_) times.clear();
      answered_ = 0;
    }
    const std::string text = statistics();
    send(connection, http_answer(text, ""));
    return;
  }
  arrivals_[target].push_back(static_cast<float>(now_seconds() - start_));
  if (target < plan_.dead) return;
  if (target < plan_.dead + plan_.slow) {
    slow_.emplace(now_seconds() + plan_.slow_seconds, connection.fd);
    return;
  }
  const auto& bodies = head.find("gzip") != std::string_view::npos ? zipped_ : plain_;
  send(connection, bodies[(answered_++ / plan_.targets) % kVariants]);
}

void Server::answer_slow_ones() {
  while (!slow_.empty() && slow_.begin()->first <= now_seconds()) {
    const int fd = slow_.begin()->second;
    slow_.erase(slow_.begin());
    ++answered_;
    send(*connections_.at(fd), zipped_[0]);
  }
}

std::string Server::statistics() const {
  std::vector<double> late;
  size_t missed = 0, scrapes = 0, seen = 0;
  for (const std::vector<float>& times : arrivals_) {
    scrapes += times.size();
    seen += times.empty() ? 0 : 1;
    if (times.empty()) continue;
    // The schedule: the phase that no scrape is ahead of.
    std::vector<double> phases;
    for (size_t k = 0; k < times.size(); ++k) {
      const double since = times[k] - times[0];
      phases.push_back(since - std::round(since / plan_.interval) * plan_.interval);
      if (k > 0)
        missed += static_cast<size_t>(
            std::max(0.0, std::round((times[k] - times[k - 1]) / plan_.interval) - 1));
    }
    const double first = *std::min_element(phases.begin(), phases.end());
    for (const double phase : phases) late.push_back(phase - first);
  }
  std::sort(late.begin(), late.end());
  const auto quantile = [&](double q) {
    return late.empty() ? 0
                        : late[std::min(late.size() - 1,
                                        static_cast<size_t>(q * static_cast<double>(late.size())))];
  };
  return fmt::format(
      "{{\"targets\": {}, \"scrapes\": {}, \"answered\": {}, \"missed\": {}, \"p50\": {:.4f}, "
      "\"p99\": {:.4f}, "
      "\"p999\": {:.4f}, \"max\": {:.4f}}}\n",
      seen, scrapes, answered_, missed, quantile(0.5), quantile(0.99), quantile(0.999),
      quantile(1));
}

void Server::run() {
  std::array<epoll_event, 256> events;
  for (;;) {
    int wait = -1;
    if (!slow_.empty()) {
      wait = static_cast<int>(
          std::clamp((slow_.begin()->first - now_seconds()) * 1000 + 1, 0.0, 1000.0));
    }
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      if (event.data.fd == listener_) {
        accept_all();
        continue;
      }
      const auto found = connections_.find(event.data.fd);
      if (found == connections_.end()) continue;
      Connection& connection = *found->second;
      if ((event.events & EPOLLOUT) != 0) {
        send(connection, std::exchange(connection.out, {}));
        if (connection.out.empty()) wait_for(connection, EPOLLIN);
      }
      if ((event.events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) read(connection);
    }
    answer_slow_ones();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr,
               "usage: {} PORT TARGETS SERIES INTERVAL_SECONDS [DEAD [SLOW [SLOW_SECONDS]]]\n",
               argv[0]);
    return 2;
  }
  const auto number = [&](int i) { return i < argc ? std::strtod(argv[i], nullptr) : 0; };
  Plan plan;
  plan.port = static_cast<int>(number(1));
  plan.targets = static_cast<size_t>(number(2));
  plan.series = static_cast<size_t>(number(3));
  plan.interval = number(4);
  plan.dead = static_cast<size_t>(number(5));
  plan.slow = static_cast<size_t>(number(6));
  plan.slow_seconds = number(7);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Server(plan).run();
}
