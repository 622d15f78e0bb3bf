#include "core/mapped_fault.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "core/file.h"

using namespace hearth;

TEST_CASE("a page that a file has lost reads as zeros, and its mapping alone is marked") {
  TempDir dir;
  const std::string path = dir.path() + "/file";
  const std::string other = dir.path() + "/other";
  write_file(path, std::string(5 * 4096, 'x'));
  write_file(other, std::string(4096, 'y'));
  const MappedFile cut(path);
  const MappedFile whole(other);
  const uint64_t faults = mapped_faults();
  std::filesystem::resize_file(path, 4096);
  CHECK(cut.bytes()[0] == 'x');
  CHECK_FALSE(cut.damaged());

  CHECK(cut.bytes()[2 * 4096 + 5] == '\0');
  CHECK(cut.bytes()[2 * 4096] == '\0');
  CHECK(cut.damaged());
  CHECK(mapped_faults() == faults + 1);
  CHECK(cut.bytes()[4 * 4096] == '\0');
  CHECK(mapped_faults() == faults + 2);
  CHECK(cut.bytes()[4095] == 'x');
  CHECK(whole.bytes()[0] == 'y');
  CHECK_FALSE(whole.damaged());
}

TEST_CASE("more mappings than one slab holds are watched") {
  TempDir dir;
  const std::string path = dir.path() + "/file";
  write_file(path, std::string(2 * 4096, 'x'));
  std::vector<MappedFile> many;
  for (int i = 0; i < 2500; ++i) many.emplace_back(path);
  std::filesystem::resize_file(path, 4096);
  CHECK(many.back().bytes()[4096] == '\0');
  CHECK(many.back().damaged());
  CHECK_FALSE(many.front().damaged());
}
