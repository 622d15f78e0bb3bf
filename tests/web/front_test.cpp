#include "web/front.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>

#include "core/error.h"
#include "tests/web/raw_client.h"
#include "web/listen.h"

using namespace hearth;
using namespace hearth::web;

namespace {

// Answers with what it got: "GET /path?query|body".
void echo(Incoming& incoming, Outbox& out) {
  const std::string body = incoming.head.method + " " + incoming.head.path + "?" +
                           incoming.head.query + "|" + incoming.body;
  out.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
            (incoming.keep_alive ? "" : "Connection: close\r\n") + "\r\n");
  out.write(body);
}

// A front on a port of its own.
struct TestFront {
  explicit TestFront(FrontOptions options = {}, Front::Answer answer = echo) {
    const int listener = listen_on("127.0.0.1:0");
    port = bound_port(listener);
    front = std::make_unique<Front>(
        options, std::vector<int>{listener}, std::move(answer), [](const RequestHead& head) {
          return head.path == "/heavy" ? Workers::Weight::kHeavy : Workers::Weight::kLight;
        });
    front->start();
  }
  int port = 0;
  std::unique_ptr<Front> front;
};

// Lets a handler wait for the test and the test for a handler.
class Gate {
 public:
  void open() {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void enter() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void wait_for_inside(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int inside_ = 0;
};

// Pieces of a letter each, counted as they are made.
class Letters final : public BodySource {
 public:
  Letters(int pieces, size_t bytes, std::atomic<int>& made, std::atomic<int>& alive)
      : pieces_(pieces), bytes_(bytes), made_(made), alive_(alive) {
    ++alive_;
  }
  ~Letters() override { --alive_; }
  bool next(std::string& out) override {
    if (pieces_ < 0) throw std::runtime_error("a piece that cannot be made");
    if (piece_ == pieces_) return false;
    out.append(bytes_, static_cast<char>('a' + piece_++ % 26));
    ++made_;
    return true;
  }

 private:
  const int pieces_;
  const size_t bytes_;
  int piece_ = 0;
  std::atomic<int>& made_;
  std::atomic<int>& alive_;
};

// Answers /<pieces> with so many pieces of 100 kB, the rest as echo() does.
struct Streaming {
  static constexpr size_t kPiece = 100'000;
  std::atomic<int> made{0}, alive{0};
  Front::Answer answer() {
    return [this](Incoming& incoming, Outbox& out) {
      const int pieces = std::atoi(incoming.head.path.c_str() + 1);
      if (pieces == 0) return echo(incoming, out);
      const size_t bytes = kPiece * static_cast<size_t>(std::abs(pieces));
      out.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n");
      out.leave(std::make_unique<Letters>(pieces, kPiece, made, alive));
    };
  }
  static std::string expected(int pieces) {
    std::string all;
    for (int i = 0; i < pieces; ++i) all.append(kPiece, static_cast<char>('a' + i % 26));
    return all;
  }
};

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: t\r\n\r\n";
}

}  // namespace

TEST_CASE("a connection answers one request after another") {
  TestFront server;
  RawClient client(server.port);
  CHECK(client.request(get("/a?x=1")).body == "GET /a?x=1|");
  CHECK(client.request(get("/b%20c")).body == "GET /b c?|");
}

TEST_CASE("pipelined requests are all answered, in order") {
  TestFront server;
  RawClient client(server.port);
  std::string many;
  for (int i = 0; i < 50; ++i) many += get("/" + std::to_string(i));
  client.send(many);
  for (int i = 0; i < 50; ++i) CHECK(client.read().body == "GET /" + std::to_string(i) + "?|");
}

TEST_CASE("a request that comes byte by byte is answered") {
  TestFront server;
  RawClient client(server.port);
  for (const char c : "POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc") {
    if (c != '\0') client.send({&c, 1});
  }
  CHECK(client.read().body == "POST /p?|abc");
}

TEST_CASE("bodies come counted or in chunks") {
  TestFront server;
  RawClient client(server.port);
  CHECK(client
            .request("POST /p HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n")
            .body == "POST /p?|abcde");
  const std::string large(1'000'000, 'x');
  CHECK(client.request("POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n" + large)
            .body == "POST /p?|" + large);
}

TEST_CASE("a client that waits for 100 Continue gets it") {
  TestFront server;
  RawClient client(server.port);
  client.send("POST /p HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.read(true).status == 100);
  CHECK(client.request("ab").body == "POST /p?|ab");
}

TEST_CASE("requests that are none, or mean two things, are refused and the connection ends") {
  const std::string host = "Host: t\r\n";
  const std::string chunked = "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n";
  const struct {
    std::string bytes;
    int status;
  } cases[] = {
      {"GARBAGE\r\n\r\n", 400},
      {"\x16\x03\x01\x02\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"\r\n" + get("/"), 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: t\n\n", 400},
      {"GET / HTTP/2.0\r\n" + host + "\r\n", 505},
      {"GET nopath HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET /%zz HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "Host: u\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "Bad Name: x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "X : y\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + " folded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "X: a\rb\r\n\r\n", 400},
      {std::string("GET / HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n\r\n", 35), 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", 413},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 10485761\r\n\r\n", 413},
      {"GET / HTTP/1.1\r\n" + host + "Expect: much\r\n\r\n", 417},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 5, 5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: +5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 0x5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length:\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
       400},
      {"POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding:\r\n chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "X: y\r\n\tz\r\n\r\n", 400},
      {"GET / HTTP/1.1\r" + host + "\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET /\t HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET / HTTP/1.1 \r\n" + host + "\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + ": empty\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\n" + host + "\r\n", 400},
      {chunked + "5 \r\nabcdef\r\n0\r\n\r\n", 400},
      {chunked + " 5\r\nabcde\r\n0\r\n\r\n", 400},
      {chunked + "0x5\r\nabcde\r\n0\r\n\r\n", 400},
      {chunked + "-5\r\nabcde\r\n0\r\n\r\n", 400},
      {chunked + "5\nabcde\r\n0\r\n\r\n", 400},
      {chunked + "5\r\nabcde0\r\n\r\n", 400},
      {chunked + "\r\nabcde\r\n0\r\n\r\n", 400},
      {chunked + "fffffffffffffffffffff\r\n", 400},
      {chunked + "5;" + std::string(300, 'e') + "\r\nabcde\r\n0\r\n\r\n", 400},
      {chunked + "5;" + std::string(300, 'e'), 400},
      {chunked + "0\r\n" + "T: " + std::string(200, 't') + "\nX: y\r\n\r\n", 400},
      {chunked + "a00001\r\n", 413},
  };
  TestFront server;
  for (const auto& c : cases) {
    CAPTURE(c.bytes);
    RawClient client(server.port);
    client.send(c.bytes);
    const Reply reply = client.read();
    CHECK(reply.status == c.status);
    CHECK(reply.header("connection") == "close");
    CHECK(client.closed());
  }
}

TEST_CASE("a URL of 1 MiB is answered, a longer one and a pile of headers are refused") {
  TestFront server;
  const std::string url = "/" + std::string(1024 * 1024 - 1, 'u');
  CHECK(RawClient(server.port).request(get(url)).body == "GET " + url + "?|");
  CHECK(RawClient(server.port).request(get(url + std::string(100, 'u'))).status == 414);
  const auto with_fields = [&](int count, size_t bytes) {
    std::string fields;
    for (int i = 0; i < count; ++i) {
      fields += "X-" + std::to_string(i) + ": " + std::string(bytes, 'h') + "\r\n";
    }
    return RawClient(server.port).request("GET / HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n").status;
  };
  CHECK(with_fields(200, 1000) == 200);
  CHECK(with_fields(300, 1000) == 431);
  CHECK(with_fields(999, 1) == 200);
  CHECK(with_fields(1000, 1) == 431);
  RawClient endless(server.port);  // no newline ever
  const std::string block(100'000, 'x');
  for (int i = 0; i < 100 && endless.send(block); ++i) {
  }
  CHECK(endless.read().status == 414);
}

TEST_CASE("who sends much makes room for who sends little") {
  FrontOptions options;
  options.max_held_bytes = 1'000'000;
  TestFront server(options);
  const std::string unfinished = "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9000000\r\n\r\n";
  RawClient large(server.port), small(server.port);
  large.send(unfinished + std::string(700'000, 'b'));
  small.send(unfinished + std::string(100'000, 'b'));
  CHECK(RawClient(server.port).request(get("/")).status == 200);
  const std::string body(250'000, 'c');
  CHECK(RawClient(server.port)
            .request("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 250000\r\n\r\n" + body)
            .status == 200);
  CHECK(large.read().status == 503);
}

TEST_CASE("the bytes of all requests together are bounded") {
  Gate gate;
  FrontOptions options;
  options.max_held_bytes = 1'000'000;
  TestFront server(options, [&](Incoming& incoming, Outbox& out) {
    gate.enter();
    echo(incoming, out);
  });
  const std::string request =
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 600000\r\n\r\n" + std::string(600'000, 'b');
  RawClient first(server.port);
  first.send(request);
  gate.wait_for_inside(1);
  CHECK(RawClient(server.port).request(request).status == 503);
  gate.open();
  CHECK(first.read().status == 200);
  for (int i = 0; i < 5; ++i) CHECK(first.request(request).status == 200);
}

TEST_CASE("a client that drips its request is cut off, an idle one later") {
  FrontOptions options;
  options.head_timeout = 30;
  options.body_timeout = 30;
  options.idle_timeout = 60;
  TestFront server(options);
  RawClient dripping(server.port);
  dripping.send("GET / HT");
  CHECK(dripping.read().status == 408);
  RawClient body(server.port);
  body.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nab");
  CHECK(body.read().status == 408);
  RawClient silent(server.port);
  CHECK(silent.closed());
}

TEST_CASE("a client that hangs up cancels its request") {
  Gate gate;
  std::atomic<bool> canceled{false};
  TestFront server({}, [&](Incoming& incoming, Outbox&) {
    gate.enter();
    while (!incoming.canceled->load()) std::this_thread::yield();
    canceled = true;
  });
  RawClient client(server.port);
  client.send(get("/"));
  gate.wait_for_inside(1);
  client.hang_up();
  gate.open();
  server.front->stop();
  CHECK(canceled);
}

TEST_CASE("a client that ends sending after its request still gets the answer") {
  TestFront server;
  RawClient client(server.port);
  client.send(get("/x"));
  client.end_sending();
  CHECK(client.read().body == "GET /x?|");
  CHECK(client.closed());
}

TEST_CASE("heavy requests leave a thread for light ones") {
  Gate gate;
  FrontOptions options;
  options.workers = 3;
  TestFront server(options, [&](Incoming& incoming, Outbox& out) {
    if (incoming.head.path == "/heavy") gate.enter();
    echo(incoming, out);
  });
  std::vector<std::unique_ptr<RawClient>> heavy;
  for (int i = 0; i < 5; ++i) {
    heavy.push_back(std::make_unique<RawClient>(server.port));
    heavy.back()->send(get("/heavy"));
  }
  gate.wait_for_inside(2);
  CHECK(RawClient(server.port).request(get("/light")).status == 200);
  gate.open();
  for (auto& client : heavy) CHECK(client->read().status == 200);
}

TEST_CASE("three hundred idle connections do not stand in the way") {
  TestFront server;
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 300; ++i) {
    idle.push_back(std::make_unique<RawClient>(server.port));
    REQUIRE(idle.back()->request(get("/")).status == 200);
  }
  CHECK(server.front->connections() == 300);
  CHECK(RawClient(server.port).request(get("/")).status == 200);
  for (auto& client : idle) CHECK(client->request(get("/again")).status == 200);
}

TEST_CASE("four hundred idle, slow and dripping clients leave the rest its time") {
  const std::string large(4'000'000, 'y');
  TestFront server({}, [&](Incoming& incoming, Outbox& out) {
    if (incoming.head.path != "/large") return echo(incoming, out);
    out.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(large.size()) + "\r\n\r\n");
    out.write(large);
  });
  std::vector<std::unique_ptr<RawClient>> others;
  for (int i = 0; i < 400; ++i) {
    others.push_back(std::make_unique<RawClient>(server.port, 4096));
    if (i % 8 == 0) others.back()->send(get("/large"));
    if (i % 8 == 1) others.back()->send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\n1");
    if (i % 8 == 2) others.back()->send("GET / HTTP/1.1\r\nHo");
  }
  RawClient client(server.port);
  for (int i = 0; i < 200; ++i) REQUIRE(client.request(get("/")).status == 200);
  CHECK(server.front->connections() == 401);
}

TEST_CASE("mutilated requests end in an answer or a closed connection, never in a crash") {
  TestFront server;
  const std::string whole =
      "POST /a%20b?c=d HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nExpect: "
      "100-continue\r\nConnection: keep-alive\r\n\r\n4;e=f\r\nabcd\r\n0\r\nT: x\r\n\r\n" +
      get("/next");
  uint64_t random = 1;
  const auto next = [&](size_t below) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>(random >> 33) % below;
  };
  for (int round = 0; round < 1000; ++round) {
    std::string bytes = whole;
    for (size_t i = next(4) + 1; i > 0; --i) {
      const size_t at = next(bytes.size());
      switch (next(3)) {
        case 0:
          bytes[at] = static_cast<char>(next(256));
          break;
        case 1:
          bytes.erase(at, next(8) + 1);
          break;
        default:
          bytes.insert(at, bytes.substr(next(bytes.size()), next(16)));
      }
    }
    RawClient client(server.port);
    client.send(bytes);
    client.end_sending();
    while (client.read().status != 0) {
    }
  }
  CHECK(RawClient(server.port).request(get("/")).status == 200);
}

TEST_CASE("at the limit a new connection waits until another one ends") {
  FrontOptions options;
  options.max_connections = 2;
  TestFront server(options);
  auto first = std::make_unique<RawClient>(server.port);
  RawClient second(server.port);
  REQUIRE(first->request(get("/")).status == 200);
  REQUIRE(second.request(get("/")).status == 200);
  RawClient third(server.port);
  third.send(get("/3"));
  first.reset();
  CHECK(third.read().body == "GET /3?|");
  CHECK(second.request(get("/2")).status == 200);
}

TEST_CASE("a large answer to a slow reader holds no thread and arrives whole") {
  const std::string large(20'000'000, 'y');
  FrontOptions options;
  options.workers = 2;
  TestFront server(options, [&](Incoming& incoming, Outbox& out) {
    if (incoming.head.path != "/large") return echo(incoming, out);
    out.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(large.size()) + "\r\n\r\n");
    out.write(large);
  });
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(std::make_unique<RawClient>(server.port, 4096));
    slow.back()->send(get("/large") + get("/after"));
  }
  CHECK(RawClient(server.port).request(get("/")).status == 200);
  CHECK(slow[3]->read().body == large);
  CHECK(slow[3]->read().body == "GET /after?|");
}

TEST_CASE("a reader that takes nothing is cut off") {
  const std::string large(20'000'000, 'y');
  FrontOptions options;
  options.send_timeout = 30;
  TestFront server(options, [&](Incoming&, Outbox& out) {
    out.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(large.size()) + "\r\n\r\n");
    out.write(large);
  });
  RawClient client(server.port, 4096);
  client.send(get("/"));
  while (server.front->connections() == 0) std::this_thread::yield();
  while (server.front->connections() > 0) std::this_thread::yield();
  CHECK(client.read().body.size() < large.size());
}

TEST_CASE("an answer that is made piece by piece arrives whole, and the next one after it") {
  Streaming streaming;
  TestFront server({}, streaming.answer());
  RawClient client(server.port);
  client.send(get("/100") + get("/x"));
  CHECK(client.read().body == Streaming::expected(100));
  CHECK(client.read().body == "GET /x?|");
  CHECK(streaming.made == 100);
  CHECK(client.request(get("/1")).body == Streaming::expected(1));
}

TEST_CASE("no more of an answer is made than its reader takes, and no thread waits for it") {
  Streaming streaming;
  FrontOptions options;
  options.workers = 2;
  TestFront server(options, streaming.answer());
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<RawClient>(server.port, 4096));
    slow.back()->send(get("/1000"));
  }
  for (int i = 0; i < 100; ++i) REQUIRE(RawClient(server.port).request(get("/")).status == 200);
  CHECK(streaming.made < 20 * 100);  // what the sockets' buffers take
  CHECK(slow[7]->read().body == Streaming::expected(1000));
}

TEST_CASE("the rest of an answer goes when its reader does") {
  Streaming streaming;
  {
    TestFront server({}, streaming.answer());
    RawClient client(server.port, 4096);
    client.send(get("/1000"));
    while (streaming.made == 0) std::this_thread::yield();
    client.hang_up();
    while (streaming.alive > 0) std::this_thread::yield();
    CHECK(RawClient(server.port).request(get("/")).status == 200);
    RawClient stays(server.port, 4096);
    stays.send(get("/1000"));
    while (streaming.alive == 0) std::this_thread::yield();
    server.front->stop();
  }
  CHECK(streaming.alive == 0);
}

TEST_CASE("an answer whose rest cannot be made ends the connection before its length") {
  Streaming streaming;
  TestFront server({}, streaming.answer());
  RawClient client(server.port);
  CHECK(client.request(get("/-3")).body.size() < 3 * Streaming::kPiece);
  CHECK(client.closed());
  CHECK(RawClient(server.port).request(get("/")).status == 200);
}

TEST_CASE("stopping answers what runs, and closes the rest") {
  Gate gate;
  TestFront server({}, [&](Incoming& incoming, Outbox& out) {
    if (incoming.head.path == "/slow") gate.enter();
    echo(incoming, out);
  });
  RawClient idle(server.port);
  REQUIRE(idle.request(get("/")).status == 200);
  RawClient dripping(server.port);
  dripping.send("GET / HTT");
  RawClient running(server.port);
  running.send(get("/slow"));
  gate.wait_for_inside(1);
  std::thread stopper([&] { server.front->stop(); });
  CHECK(idle.closed());
  CHECK(dripping.closed());
  gate.open();
  CHECK(running.read().body == "GET /slow?|");
  CHECK(running.closed());
  running.hang_up();
  stopper.join();
  server.front->stop();
}

TEST_CASE("stopping cancels what still runs when its time is over") {
  FrontOptions options;
  options.drain_timeout = 20;
  std::atomic<bool> running{false};
  TestFront server(options, [&](Incoming& incoming, Outbox&) {
    running = true;
    while (!incoming.canceled->load()) std::this_thread::yield();
  });
  RawClient client(server.port);
  client.send(get("/"));
  while (!running) std::this_thread::yield();
  server.front->stop();
  CHECK(client.closed());
}

TEST_CASE("HTTP/1.0 and Connection: close end the connection after the answer") {
  TestFront server;
  RawClient old(server.port);
  CHECK(old.request("GET /o HTTP/1.0\r\n\r\n").header("connection") == "close");
  CHECK(old.closed());
  RawClient closing(server.port);
  CHECK(closing.request("GET /c HTTP/1.1\r\nHost: t\r\nConnection: Close\r\n\r\n").status == 200);
  CHECK(closing.closed());
}

TEST_CASE("a handler that throws loses its connection, not the server") {
  TestFront server({}, [](Incoming& incoming, Outbox& out) {
    if (incoming.head.path == "/throw") throw std::runtime_error("thrown by a test");
    echo(incoming, out);
  });
  RawClient client(server.port);
  client.send(get("/throw"));
  CHECK(client.closed());
  CHECK(RawClient(server.port).request(get("/")).status == 200);
}

TEST_CASE("an address that is taken is an error that names it") {
  const int fd = listen_on("127.0.0.1:0");
  const std::string address = "127.0.0.1:" + std::to_string(bound_port(fd));
  try {
    listen_on(address);
    FAIL("bound twice");
  } catch (const Error& e) {
    CHECK(std::string(e.what()).find("listen tcp " + address + ": bind: Address already in use") ==
          0);
  }
  CHECK_THROWS_AS(listen_on("nonsense"), Error);
  CHECK_THROWS_AS(listen_on("127.0.0.1:99999"), Error);
  CHECK_THROWS_AS(listen_on("no.such.host.invalid:0"), Error);
  close(fd);
}
