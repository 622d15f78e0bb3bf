#include "web/front.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>

#include "core/error.h"
#include "tests/web/test_front.h"

using namespace hearth;
using namespace hearth::web;

namespace {

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

TEST_CASE("at the limit who drips a body makes room for who has something to ask") {
  FrontOptions options;
  options.max_connections = 2;
  options.head_timeout = 20;
  TestFront server(options);
  RawClient first(server.port), second(server.port);
  for (RawClient* dripping : {&first, &second}) {
    dripping->send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\n1");
  }
  CHECK(RawClient(server.port).request(get("/")).status == 200);
  CHECK(server.front->connections() <= 2);
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
