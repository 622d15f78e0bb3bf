#include "web/accept.h"

#include <doctest/doctest.h>

using namespace hearth::web;

TEST_CASE("gzip is taken where it is named with a weight") {
  for (const char* yes : {"gzip", "br, gzip", "gzip;q=1.0", "gzip; q=0.001", "x, GZip"}) {
    CAPTURE(yes);
    CHECK(accepts_gzip(yes));
  }
  for (const char* no : {"", "br", "gzip;q=0", "gzip;q=0.000", "xgzip", "*"}) {
    CAPTURE(no);
    CHECK_FALSE(accepts_gzip(no));
  }
}

TEST_CASE("of the encodings that a client takes, the one with the greatest weight is chosen") {
  struct Case {
    const char* accepted;
    Packing expected;
  };
  for (const Case& c : {Case{"", Packing::kNone},
                        {"br", Packing::kNone},
                        {"gzip", Packing::kGzip},
                        {"gzip, deflate, br", Packing::kGzip},
                        {"gzip, deflate, br, zstd", Packing::kZstd},
                        {"zstd;q=0.5, gzip;q=0.6", Packing::kGzip},
                        {"gzip;q=0.999,zstd;q=1", Packing::kZstd},
                        {"zstd;q=0, gzip;q=0", Packing::kNone},
                        {"zstd;q=0,gzip", Packing::kGzip},
                        {"\tZSTD ;q=0.1", Packing::kZstd},
                        {"gzip;q=nonsense", Packing::kGzip},
                        {"gzip;x=y;q=0", Packing::kNone},
                        {",,;q=1,;;", Packing::kNone}}) {
    CAPTURE(c.accepted);
    CHECK(choose_packing(c.accepted) == c.expected);
  }
}
