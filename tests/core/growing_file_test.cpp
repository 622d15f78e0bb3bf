#include "core/growing_file.h"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/file.h"

using namespace hearth;

namespace {

constexpr size_t kMiB = 1 << 20;

void append(GrowingFile& file, std::string_view bytes) {
  std::memcpy(file.extend(bytes.size()), bytes.data(), bytes.size());
}

std::string pattern(size_t bytes, char first) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(first + static_cast<char>(i % 23));
  return text;
}

// Sees the operations on files until it goes.
class Hook {
 public:
  explicit Hook(FileHook hook) { set_file_hook(std::move(hook)); }
  ~Hook() { set_file_hook({}); }
};

}  // namespace

TEST_CASE("what is added can be read before and after it is in the file, at the same address") {
  const TempDir dir;
  GrowingFile file(dir.path() + "/f", 8 * kMiB);
  const char* const address = file.data();
  const std::string first = pattern(3 * kMiB + 100, 'a');
  const std::string second = pattern(kMiB, 'b');
  append(file, first);
  CHECK(std::string_view(file.data(), first.size()) == first);
  CHECK(!path_exists(file.path()));
  file.write_out(file.size());
  CHECK(read_file(file.path()) == first);
  append(file, second);
  CHECK(read_file(file.path()) == first);
  file.write_out(file.size());
  CHECK(file.data() == address);
  CHECK(std::string_view(file.data(), file.size()) == first + second);
  CHECK(read_file(file.path()) == first + second);
}

TEST_CASE("pages that are in the file need not stay resident") {
  const TempDir dir;
  GrowingFile file(dir.path() + "/f", 8 * kMiB);
  append(file, pattern(4 * kMiB, 'a'));
  file.write_out(file.size());
  // A mapping of a file can be dropped and comes back; memory of our own would come back as zeros.
  CHECK(madvise(const_cast<char*>(file.data()), 4 * kMiB, MADV_DONTNEED) == 0);
  CHECK(std::string_view(file.data(), file.size()) == pattern(4 * kMiB, 'a'));
}

TEST_CASE("a full disk costs nothing: the bytes stay, and are written when there is room") {
  const TempDir dir;
  const std::string bytes = pattern(2 * kMiB + 5, 'a');
  GrowingFile file(dir.path() + "/f", 8 * kMiB);
  append(file, bytes);
  for (const FileOp full : {FileOp::kCreate, FileOp::kWrite}) {
    const Hook hook([&](FileOp op, const std::string&, size_t* count) {
      if (op != full) return;
      *count /= 2;
      throw Error(ErrorKind::kIo, "no space left on device");
    });
    CHECK_THROWS_AS(file.write_out(file.size()), Error);
    CHECK(std::string_view(file.data(), file.size()) == bytes);
  }
  append(file, bytes);
  file.write_out(file.size());
  file.finish();
  CHECK(read_file(file.path()) == bytes + bytes);
  CHECK(std::string_view(file.data(), file.size()) == bytes + bytes);
}

TEST_CASE("a process that dies in the middle of a write leaves zeros where the new bytes begin") {
  const TempDir dir;
  GrowingFile file(dir.path() + "/f", kMiB);
  append(file, "old bytes");
  file.write_out(file.size());
  append(file, pattern(1000, 'a'));
  int writes = 0;
  const Hook hook([&](FileOp op, const std::string&, size_t* count) {
    if (op != FileOp::kWrite || ++writes < 2) return;
    *count = 0;
    throw Error(ErrorKind::kIo, "killed");
  });
  CHECK_THROWS_AS(file.write_out(file.size()), Error);
  const std::string found = read_file(file.path());
  CHECK(found.substr(0, 9) == "old bytes");
  CHECK(found.substr(9, 24) == std::string(24, '\0'));
  CHECK(found.size() == 1009);
}
