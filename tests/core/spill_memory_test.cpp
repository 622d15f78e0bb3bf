#include "core/spill_memory.h"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/file.h"

using namespace hearth;

namespace {
constexpr size_t kPage = 1 << 20;

size_t resident_pages(char* bytes) {
  std::vector<unsigned char> there(kPage / 4096);
  REQUIRE(mincore(bytes, kPage, there.data()) == 0);
  return static_cast<size_t>(std::count_if(there.begin(), there.end(), [](unsigned char c) { return (c & 1) != 0; }));
}
}  // namespace

TEST_CASE("a settled page keeps its bytes, on disk and where there is none") {
  const TempDir dir;
  for (const std::string& place : {dir.path(), std::string("/nowhere/at/all")}) {
    SpillMemory memory(place, kPage, 8);
    char* const first = memory.allocate(0);
    char* const second = memory.allocate(7);
    std::memset(first, 'a', kPage);
    std::memset(second, 'b', kPage);
    memory.settle(0, first);
    memory.settle(7, second);
    CAPTURE(place);
    CHECK(std::count(first, first + kPage, 'a') == kPage);
    CHECK(std::count(second, second + kPage, 'b') == kPage);
    CHECK(resident_pages(first) > 0);
    memory.free(0, first);
    char* const again = memory.allocate(0);
    std::memset(again, 'c', kPage);
    CHECK(std::count(second, second + kPage, 'b') == kPage);
    memory.free(0, again);
    memory.free(7, second);
  }
}

TEST_CASE("the file has no name, and a page that is freed gives its room back") {
  const TempDir dir;
  SpillMemory memory(dir.path(), kPage, 8);
  char* const page = memory.allocate(3);
  std::memset(page, 'x', kPage);
  CHECK(list_dir(dir.path()).empty());
  memory.free(3, page);
  CHECK(dir_bytes(dir.path()) == 0);
}
