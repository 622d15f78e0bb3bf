#include "core/file.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "core/error.h"

using namespace hearth;

TEST_CASE("a file holds what was written, appended and truncated") {
  const TempDir dir;
  const std::string path = dir.path() + "/f";
  write_file(path, "hello");
  {
    File file(path, File::Mode::kAppend);
    file.write(" world");
    CHECK(file.size() == 11);
    char buffer[5];
    CHECK(file.pread(buffer, 5, 6) == 5);
    CHECK(std::string(buffer, 5) == "world");
    file.truncate(4);
  }
  CHECK(read_file(path) == "hell");
  CHECK(MappedFile(path).bytes() == "hell");
  CHECK(list_dir(dir.path()) == std::vector<std::string>{"f"});
  CHECK(dir_bytes(dir.path()) == 4);
}

TEST_CASE("a missing file is an error that names it") {
  CHECK_THROWS_WITH_AS(read_file("/nowhere/at/all"), "open /nowhere/at/all: No such file or directory", Error);
}

TEST_CASE("files of /proc are read whole although they claim to be empty") {
  CHECK(read_file("/proc/self/status").find("VmRSS") != std::string::npos);
}

TEST_CASE("a second lock of a directory is refused, naming the holder") {
  const TempDir dir;
  {
    const DirLock lock(dir.path());
    try {
      const DirLock second(dir.path());
      FAIL("the second lock was granted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kUnavailable);
      CHECK(std::string(error.what()).find("pid " + std::to_string(::getpid())) != std::string::npos);
    }
  }
  const DirLock again(dir.path());
  CHECK(path_exists(dir.path() + "/lock"));
}

TEST_CASE("a published directory appears whole under its new name") {
  const TempDir dir;
  make_dirs(dir.path() + "/a.tmp/chunks");
  write_file(dir.path() + "/a.tmp/chunks/1", "x");
  publish_dir(dir.path() + "/a.tmp", dir.path() + "/a");
  CHECK(read_file(dir.path() + "/a/chunks/1") == "x");
  CHECK(!path_exists(dir.path() + "/a.tmp"));
}

TEST_CASE("a hook makes a write stop half way") {
  const TempDir dir;
  const std::string path = dir.path() + "/f";
  File file(path, File::Mode::kCreate);
  set_file_hook([](FileOp op, const std::string&, size_t* bytes) {
    if (op != FileOp::kWrite) return;
    *bytes = 3;
    throw Error(ErrorKind::kIo, "injected");
  });
  CHECK_THROWS_AS(file.write("abcdef"), Error);
  set_file_hook({});
  CHECK(read_file(path) == "abc");
}
