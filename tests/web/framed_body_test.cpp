#include "web/framed_body.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

#include "core/compress.h"
#include "tests/web/chunked.h"

using namespace hearth;
using namespace hearth::web;

namespace {

class Pieces final : public BodySource {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  bool next(std::string& out) override {
    if (at_ == pieces_.size()) return false;
    if (pieces_[at_] == "throw") throw std::runtime_error("no more");
    out += pieces_[at_++];
    return true;
  }

 private:
  std::vector<std::string> pieces_;
  size_t at_ = 0;
};

struct Made {
  std::string wire;
  size_t body_bytes = 0, longest = 0;
  int ended = 0;
};

Made make_all(std::string first, std::vector<std::string> pieces, Packing packing, bool chunked) {
  Made made;
  {
    FramedBody body(std::move(first), std::make_unique<Pieces>(std::move(pieces)), packing, chunked,
                    [&](size_t bytes) { ++made.ended, made.body_bytes = bytes; });
    for (std::string piece; body.next(piece); piece.clear()) {
      made.wire += piece;
      made.longest = std::max(made.longest, piece.size());
    }
  }
  return made;
}

std::vector<std::string> many_pieces() {
  std::vector<std::string> pieces;
  uint32_t state = 1;
  for (int i = 0; i < 40; ++i) {
    std::string piece;
    while (piece.size() < 60'000)
      piece += std::to_string(state = state * 1664525 + 1013904223) + ",";
    pieces.push_back(piece);
  }
  return pieces;
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string all;
  for (const std::string& piece : pieces) all += piece;
  return all;
}

}  // namespace

TEST_CASE("pieces become chunks, and the end is told once") {
  const Made made = make_all("abc", {"de", "", "0123456789abcdef"}, Packing::kNone, true);
  CHECK(made.wire == "3\r\nabc\r\n2\r\nde\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
  CHECK(made.body_bytes == 21);
  CHECK(made.ended == 1);
}

TEST_CASE("for a client that knows no chunks the pieces come as they are") {
  CHECK(make_all("abc", {"de", "f"}, Packing::kNone, false).wire == "abcdef");
  CHECK(make_all("", {}, Packing::kNone, false).wire == "");
}

TEST_CASE("pieces are compressed as one stream, a little at a time") {
  const std::vector<std::string> pieces = many_pieces();
  const std::string whole = "first" + joined(pieces);
  for (const Packing packing : {Packing::kGzip, Packing::kZstd}) {
    CAPTURE(packing_name(packing));
    const Made made = make_all("first", pieces, packing, true);
    const std::string packed = unchunked(made.wire);
    CHECK(made.body_bytes == packed.size());
    CHECK(made.longest < 200'000);
    std::string plain;
    if (packing == Packing::kGzip) {
      gzip_uncompress(packed, plain, whole.size());
    } else {
      zstd_uncompress(packed, plain, whole.size());
    }
    CHECK(plain.size() == whole.size());
    CHECK((plain == whole));
    CHECK(packed.size() < whole.size() * 6 / 10);
  }
}

TEST_CASE("a source that fails leaves an answer without its end") {
  int ended = 0;
  std::string wire;
  {
    FramedBody body("a", std::make_unique<Pieces>(std::vector<std::string>{"b", "throw"}),
                    Packing::kNone, true, [&](size_t) { ++ended; });
    CHECK(body.next(wire));
    CHECK(body.next(wire));
    CHECK_THROWS(body.next(wire));
    CHECK(ended == 0);
  }
  CHECK(ended == 1);
  CHECK(unchunked(wire) == "malformed");
}
