// Sends remote write to a running server and prints the server's CPU seconds per million samples.
// What is sent is made beforehand, and only the server's time counts (/proc/<pid>/stat).
//   remote_write_load PORT PID PATH VERSION SERIES SAMPLES_PER_SERIES_AND_REQUEST ROUNDS
//                     [HOURS_AGO [STEP_SECONDS [GENERATION]]]
// HOURS_AGO: when the samples end. GENERATION: other pods, and so other series.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <thread>
#include <vector>

#include "core/compress.h"

using namespace hearth;
using protozero::pbf_writer;

namespace {

constexpr size_t kSamplesPerRequest = 2000;
constexpr size_t kConnections = 2;
struct Load {
  int port = 0;
  long pid = 0;
  std::string path;
  int version = 1;
  size_t series = 0, samples = 0, rounds = 0;
  int64_t begin = 0;  // time of the first sample
  int64_t step = 15'000;
  std::string generation = "0";
};

[[noreturn]] void fail(const std::string& text) {
  std::fprintf(stderr, "remote_write_load: %s\n", text.c_str());
  std::exit(1);
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs labels_of(const Load& load, size_t i) {
  const std::string pod = std::to_string(i / 100);
  return {{"__name__", "http_server_request_" + std::to_string(i % 100) + "_total"},
          {"cluster", "production-eu-west"},
          {"container", "server"},
          {"endpoint", "metrics"},
          {"env", "production"},
          {"instance", "10.12." + std::to_string(i / 25600 % 256) + "." + std::to_string(i / 100 % 256) + ":8080"},
          {"job", "kubernetes-pods"},
          {"namespace", "shop-" + std::to_string(i / 1000 % 50)},
          {"pod", "server-6d4f9c7b8d-" + load.generation + "-" + pod},
          {"status", std::to_string(200 + i % 5)}};
}

void add_samples(pbf_writer& series, const Load& load, size_t i, size_t round) {
  for (size_t k = 0; k < load.samples; ++k) {
    const size_t n = round * load.samples + k;
    pbf_writer sample(series, 2);
    sample.add_double(1, static_cast<double>(i % 1000 * 1000 + n * (10 + i % 7) + (i * 7919 + n * 104729) % 10));
    sample.add_int64(2, load.begin + static_cast<int64_t>(n) * load.step);
  }
}

std::string body_v1(const Load& load, size_t first, size_t end, size_t round) {
  std::string bytes;
  pbf_writer request(bytes);
  for (size_t i = first; i < end; ++i) {
    pbf_writer series(request, 1);
    for (const auto& [name, value] : labels_of(load, i)) {
      pbf_writer label(series, 1);
      label.add_string(1, name);
      label.add_string(2, value);
    }
    add_samples(series, load, i, round);
  }
  return bytes;
}

std::string body_v2(const Load& load, size_t first, size_t end, size_t round) {
  std::map<std::string, uint32_t> places{{"", 0}};
  std::vector<std::string> symbols{""};
  std::string all;
  pbf_writer request(all);
  for (size_t i = first; i < end; ++i) {
    std::vector<uint32_t> refs;
    for (const auto& [name, value] : labels_of(load, i)) {
      for (const std::string& text : {name, value}) {
        const auto [at, is_new] = places.try_emplace(text, static_cast<uint32_t>(symbols.size()));
        if (is_new) symbols.push_back(text);
        refs.push_back(at->second);
      }
    }
    pbf_writer series(request, 5);
    series.add_packed_uint32(1, refs.begin(), refs.end());
    add_samples(series, load, i, round);
  }
  std::string bytes;
  pbf_writer head(bytes);
  for (const std::string& symbol : symbols) head.add_string(4, symbol);
  return bytes + all;
}

std::string request(const Load& load, const std::string& body) {
  std::string packed;
  snappy_compress(body, packed);
  return "POST " + load.path + " HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: snappy\r\nContent-Type: application/x-protobuf" +
         (load.version == 2 ? ";proto=io.prometheus.write.v2.Request" : "") +
         "\r\nX-Prometheus-Remote-Write-Version: " + (load.version == 2 ? "2.0.0" : "0.1.0") +
         "\r\nContent-Length: " + std::to_string(packed.size()) + "\r\n\r\n" + packed;
}

std::vector<std::string> requests(const Load& load, size_t round) {
  const size_t per_request = kSamplesPerRequest / load.samples;
  std::vector<std::string> all;
  for (size_t first = 0; first < load.series; first += per_request) {
    const size_t end = std::min(first + per_request, load.series);
    all.push_back(request(load, load.version == 2 ? body_v2(load, first, end, round) : body_v1(load, first, end, round)));
  }
  return all;
}

void send_some(const Load& load, const std::vector<std::string>& all, size_t from) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(load.port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail("cannot connect");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (size_t i = from; i < all.size(); i += kConnections) {
    for (size_t sent = 0; sent < all[i].size();) {
      const ssize_t count = send(fd, all[i].data() + sent, all[i].size() - sent, MSG_NOSIGNAL);
      if (count <= 0) fail("the server has closed");
      sent += static_cast<size_t>(count);
    }
    std::string answer;
    char buffer[4096];
    while (answer.find("\r\n\r\n") == std::string::npos) {
      const ssize_t count = recv(fd, buffer, sizeof buffer, 0);
      if (count <= 0) fail("the server has closed");
      answer.append(buffer, static_cast<size_t>(count));
    }
    if (answer.find(" 204 ") == std::string::npos) fail("refused: " + answer);
  }
  close(fd);
}

void send_all(const Load& load, const std::vector<std::string>& all) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kConnections; ++i) threads.emplace_back([&, i] { send_some(load, all, i); });
  for (std::thread& thread : threads) thread.join();
}

double cpu_seconds(long pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) fail("no such process");
  long user = 0, system = 0;
  if (std::sscanf(text.c_str() + name_end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) != 2) {
    fail("cannot read the process' times");
  }
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 8 || argc > 11) fail("see the head of remote_write_load.cpp");
  Load load;
  load.port = std::atoi(argv[1]);
  load.pid = std::atol(argv[2]);
  load.path = argv[3];
  load.version = std::atoi(argv[4]);
  load.series = std::strtoul(argv[5], nullptr, 10);
  load.samples = std::strtoul(argv[6], nullptr, 10);
  load.rounds = std::strtoul(argv[7], nullptr, 10);
  const int64_t hours_ago = argc > 8 ? std::atol(argv[8]) : 0;
  if (argc > 9) load.step = std::atol(argv[9]) * 1000;
  if (argc > 10) load.generation = argv[10];
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  // Chunks end every half an hour at 15 s: open ones are half full at the end, as in the mean.
  constexpr int64_t kChunk = 30 * 60'000;
  const int64_t latest = now.count() - hours_ago * 3'600'000;
  const int64_t end = (latest - kChunk / 2) / kChunk * kChunk + kChunk / 2;
  load.begin = end - static_cast<int64_t>(load.samples * (load.rounds + 1)) * load.step;
  send_all(load, requests(load, 0));  // the series are made, and not counted
  double cpu = 0;
  double seconds = 0;
  for (size_t round = 1; round <= load.rounds; ++round) {
    const std::vector<std::string> all = requests(load, round);
    const double before = cpu_seconds(load.pid);
    const auto start = std::chrono::steady_clock::now();
    send_all(load, all);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (round == load.rounds) std::this_thread::sleep_for(std::chrono::seconds(2));  // what it still does
    cpu += cpu_seconds(load.pid) - before;
  }
  const double millions = static_cast<double>(load.series * load.samples * load.rounds) / 1e6;
  std::printf("%.3f %.3f\n", cpu / millions, seconds / millions);
}
