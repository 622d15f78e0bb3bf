// What the front takes for a request, and what it refuses.
#include <doctest/doctest.h>

#include <memory>

#include "tests/web/test_front.h"

using namespace hearth;
using namespace hearth::web;

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

TEST_CASE("HTTP/1.0 and Connection: close end the connection after the answer") {
  TestFront server;
  RawClient old(server.port);
  CHECK(old.request("GET /o HTTP/1.0\r\n\r\n").header("connection") == "close");
  CHECK(old.closed());
  RawClient closing(server.port);
  CHECK(closing.request("GET /c HTTP/1.1\r\nHost: t\r\nConnection: Close\r\n\r\n").status == 200);
  CHECK(closing.closed());
}
