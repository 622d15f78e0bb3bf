#include "cmd/tool/progress.h"

#include <doctest/doctest.h>

#include <string>

using namespace hearth;

namespace {

// What Progress writes of three steps, two of which come soon after the one before.
std::string written(size_t columns) {
  FakeClock clock(1000);
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  {
    Progress progress("reading", 200, {file, columns, &clock});
    progress.at(2, "early");
    progress.at(3, "too early");
    clock.advance(10'000);
    progress.at(50, "50 lines of a long file that goes on");
    progress.at(51, "again too early");
    clock.advance(10'000);
    progress.at(300, "more than there was");
  }
  std::string out(static_cast<size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  REQUIRE(std::fread(out.data(), 1, out.size(), file) == out.size());
  std::fclose(file);
  return out;
}

}  // namespace

TEST_CASE("in a pipe progress is a line now and then") {
  CHECK(written(0) ==
        "reading 25% 50 lines of a long file that goes on\nreading 100% more than there was\n");
}

TEST_CASE("on a terminal progress is a bar that is there at once, fits, and is gone at the end") {
  CHECK(written(60) ==
        "\r\x1b[Kreading [..............................]   1% early\r\x1b[Kreading [#######.......................]  25% 50 lines of a\r\x1b[Kreading "
        "[##############################] 100% more than the\r\x1b[K");
}
