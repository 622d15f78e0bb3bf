#include "core/http_response_reader.h"

#include <doctest/doctest.h>

namespace hearth {
namespace {

using Result = HttpResponseReader::Result;

// The result of the last piece, all of them `step` bytes long.
Result read(HttpResponseReader& reader, std::string_view text, size_t step, size_t max_bytes = 0) {
  reader.begin(max_bytes, 0);
  Result result = Result::kMore;
  for (size_t i = 0; i < text.size() && result == Result::kMore; i += step)
    result = reader.read(text.substr(i, step));
  return result;
}

constexpr std::string_view kPlain =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length:  5 \r\nContent-Encoding: "
    "gzip\r\n\r\nhello";
constexpr std::string_view kChunked =
    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: x\r\n\r\n";

}  // namespace

TEST_CASE("a response is the same in however many pieces it comes") {
  for (size_t step = 1; step <= kChunked.size(); ++step) {
    CAPTURE(step);
    HttpResponseReader reader;
    REQUIRE(read(reader, kPlain, step) == Result::kComplete);
    CHECK(reader.response().status == 200);
    CHECK(reader.response().status_text == "200 OK");
    CHECK(reader.response().content_type == "text/plain");
    CHECK(reader.response().content_encoding == "gzip");
    CHECK(reader.response().body == "hello");
    CHECK(reader.keeps_connection());
    REQUIRE(read(reader, kChunked, step) == Result::kComplete);
    CHECK(reader.response().status_text == "404 Not Found");
    CHECK(reader.response().body == "hello");
    CHECK(reader.keeps_connection());
  }
}

TEST_CASE("lines of a head may end with LF alone") {
  constexpr std::string_view kBare = "HTTP/1.1 200 OK\nContent-Type: a/b\nContent-Length: 2\n\nhi";
  constexpr std::string_view kMixed = "HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nhi";
  constexpr std::string_view kNone = "HTTP/1.1 204 No Content\n\n";
  for (size_t step = 1; step <= kBare.size(); ++step) {
    CAPTURE(step);
    HttpResponseReader reader;
    REQUIRE(read(reader, kBare, step) == Result::kComplete);
    CHECK(reader.response().content_type == "a/b");
    CHECK(reader.response().body == "hi");
    REQUIRE(read(reader, kMixed, step) == Result::kComplete);
    CHECK(reader.response().body == "hi");
    CHECK(read(reader, kNone, step) == Result::kComplete);
    CHECK(reader.response().status_text == "204 No Content");
  }
}

TEST_CASE("a response without a body is complete with its head") {
  HttpResponseReader reader;
  CHECK(read(reader, "HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n", 1000) == Result::kComplete);
  CHECK(reader.response().status_text == "503 Service Unavailable");
}

TEST_CASE("a connection is not kept where the server says so or has sent too much") {
  HttpResponseReader reader;
  CHECK(read(reader, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", 1000) ==
        Result::kComplete);
  CHECK_FALSE(reader.keeps_connection());
  CHECK(read(reader, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", 1000) == Result::kComplete);
  CHECK_FALSE(reader.keeps_connection());
  CHECK(read(reader, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", 1000) == Result::kComplete);
  CHECK_FALSE(reader.keeps_connection());
}

TEST_CASE("a body beyond the limit ends the response") {
  HttpResponseReader reader;
  CHECK(read(reader, kPlain, 1000, 5) == Result::kComplete);
  CHECK(read(reader, kPlain, 1000, 4) == Result::kTooLarge);
  CHECK(reader.response().body_too_large);
  CHECK(read(reader, kChunked, 1, 4) == Result::kTooLarge);
}

TEST_CASE("a body without a length goes on to the end of the connection") {
  HttpResponseReader reader;
  CHECK(read(reader, "HTTP/1.0 200 OK\r\n\r\nuntil the end", 3) == Result::kMore);
  CHECK(reader.end() == Result::kComplete);
  CHECK(reader.response().body == "until the end");
  CHECK_FALSE(reader.keeps_connection());
  CHECK(read(reader, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", 1000) == Result::kMore);
  CHECK(reader.end() == Result::kMore);
}

TEST_CASE("interim responses are skipped, and some have no body whatever they say") {
  HttpResponseReader reader;
  for (const size_t step : {size_t{1}, size_t{1000}}) {
    CHECK(read(reader, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
               step) == Result::kComplete);
    CHECK(reader.response().status == 200);
    CHECK(reader.response().body == "a");
    CHECK(read(reader, "HTTP/1.1 204 No Content\r\n\r\n", step) == Result::kComplete);
    CHECK(read(reader, "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", step) ==
          Result::kComplete);
    CHECK(read(reader, "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", step) ==
          Result::kComplete);
    CHECK(reader.location() == "/x");
  }
}

TEST_CASE("malformed responses are refused in Go's words") {
  const std::string broken = "net/http: HTTP/1.x transport connection broken: ";
  const std::pair<std::string, std::string> cases[] = {
      {"garbage\r\n\r\n", broken + R"(malformed HTTP response "garbage")"},
      {"HTTP/2 200\r\n\r\n", broken + R"(malformed HTTP version "HTTP/2")"},
      {"HTTP/1.1 abc\r\n\r\n", broken + R"(malformed HTTP status code "abc")"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", broken + R"(bad Content-Length "-1")"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n", broken + R"(bad Content-Length "1x")"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       broken + R"(bad Content-Length "2")"},
      {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", broken + "malformed MIME header line: no colon"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
       broken + R"(unsupported transfer encoding: "gzip, chunked")"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
       "invalid byte in chunk length"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
       "malformed chunked encoding"}};
  for (const auto& entry : cases) {
    for (const size_t step : {size_t{1}, size_t{1000}}) {
      HttpResponseReader reader;
      CHECK(read(reader, entry.first, step) == Result::kMalformed);
      CHECK(reader.fault() == entry.second);
    }
  }
}

TEST_CASE("endless heads and chunk lines are not kept") {
  HttpResponseReader reader;
  reader.begin(0, 0);
  const std::string much = "HTTP/1.1 200 OK\r\nA: " + std::string(2 << 20, 'x');
  CHECK(reader.read(much) == Result::kMalformed);
  CHECK(read(reader,
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(8192, '0'),
             4096) == Result::kMalformed);
  // An announced length reserves nothing that large.
  CHECK(read(reader, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\na", 1000) ==
        Result::kMore);
}

}  // namespace hearth
