#include "tsdb/block_chunks.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/tsdb/hex.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr std::string_view kBytes("\0\3\xd0\x0f\x3f\xf8\0\0\0\0\0\0\xe8\x07\xc2\x6f\xff\xc0", 18);

}  // namespace

TEST_CASE("a chunk file has the bytes that Prometheus writes") {
  TempDir dir;
  BlockChunksWriter writer(dir.path() + "/chunks");
  CHECK(writer.write(Encoding::kXor, kBytes) == 8);
  CHECK(writer.write(Encoding::kXor, std::string_view("\0\1\xa0\x1f\x40\x1c\0\0\0\0\0\0", 12)) ==
        32);
  writer.finish();
  CHECK(to_hex(read_file(dir.path() + "/chunks/000001")) ==
        "85bd40dd0100000012010003d00f3ff8000000000000e807c26fffc067c9999f0c010001a01f401c0000000000"
        "0018ee7de9");
}

TEST_CASE("chunks go on in a next file where one is full, and are found again") {
  TempDir dir;
  BlockChunksWriter writer(dir.path() + "/chunks", 1000);
  std::vector<std::pair<uint64_t, std::string>> written;
  for (size_t i = 0; i < 50; ++i) {
    const std::string bytes(2 + i * 7, static_cast<char>('a' + i % 26));
    const auto encoding = static_cast<Encoding>(1 + i % 4);
    written.emplace_back(writer.write(encoding, bytes), bytes);
  }
  writer.finish();
  CHECK(list_dir(dir.path() + "/chunks").size() > 5);
  for (const std::string& name : list_dir(dir.path() + "/chunks"))
    CHECK(read_file(dir.path() + "/chunks/" + name).size() <= 1000);

  const BlockChunksReader reader(dir.path() + "/chunks");
  for (size_t i = 0; i < written.size(); ++i) {
    const auto chunk = reader.chunk(written[i].first);
    CHECK(chunk.bytes == written[i].second);
    CHECK(static_cast<size_t>(chunk.encoding) == 1 + i % 4);
  }
}

TEST_CASE("refs that lead nowhere are corrupt") {
  TempDir dir;
  BlockChunksWriter writer(dir.path() + "/chunks");
  writer.write(Encoding::kXor, kBytes);
  writer.finish();
  const BlockChunksReader reader(dir.path() + "/chunks");
  for (const uint64_t ref : {uint64_t{0}, uint64_t{7}, uint64_t{9}, uint64_t{31}, uint64_t{32},
                             uint64_t{0xffffffff}, uint64_t{1} << 32 | 8, ~uint64_t{0}})
    CHECK_THROWS_AS(reader.chunk(ref), Error);
}

TEST_CASE("damaged chunk files are corrupt, or answer the same") {
  TempDir dir;
  const std::string path = dir.path() + "/chunks/000001";
  {
    BlockChunksWriter writer(dir.path() + "/chunks");
    writer.write(Encoding::kXor, kBytes);
    writer.finish();
  }
  const std::string bytes = read_file(path);
  for (size_t size = 0; size < bytes.size(); ++size) {
    write_file(path, bytes.substr(0, size));
    CHECK_THROWS_AS(BlockChunksReader(dir.path() + "/chunks").chunk(8), Error);
  }
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    write_file(path, damaged);
    const bool padding = bit / 8 >= 5 && bit / 8 < 8;
    if (padding) {
      CHECK(BlockChunksReader(dir.path() + "/chunks").chunk(8).bytes == kBytes);
    } else {
      CHECK_THROWS_AS(BlockChunksReader(dir.path() + "/chunks").chunk(8), Error);
    }
  }
  write_file(path, bytes);
  rename_path(path, dir.path() + "/chunks/000002");
  CHECK_THROWS_AS(BlockChunksReader(dir.path() + "/chunks"), Error);
}
