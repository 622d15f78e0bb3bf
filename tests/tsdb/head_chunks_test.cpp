// The files of chunks_head/: their bytes, what happens to them as chunks come and go, what is done
// about damage and a full disk.
#include "tsdb/head_chunks.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <vector>

#include "core/error.h"
#include "core/log.h"
#include "tests/tsdb/hex.h"
#include "tsdb/head_chunk_file.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// A directory chunks_head/ as one process after another has it.
class Chunks {
 public:
  ~Chunks() { set_file_hook({}); }

  HeadChunks& open() {
    chunks_.reset();
    registry_ = std::make_unique<Registry>();
    chunks_ = std::make_unique<HeadChunks>(path(), epoch_, pool_, *registry_);
    return *chunks_;
  }
  void close() { chunks_.reset(); }
  // What a kill leaves: nothing is written any more.
  void kill() {
    set_file_hook([](FileOp, const std::string&, size_t* bytes) {
      *bytes = 0;
      throw Error(ErrorKind::kIo, "the process was killed");
    });
    chunks_.reset();
    set_file_hook({});
  }
  // Opens and loads.
  std::vector<FoundChunk> load() {
    std::vector<FoundChunk> found;
    for (const auto& file : open().load().files)
      found.insert(found.end(), file.begin(), file.end());
    return found;
  }
  HeadChunks& operator*() { return *chunks_; }
  HeadChunks* operator->() { return chunks_.get(); }

  std::string path() const { return dir_.path() + "/chunks_head"; }
  std::string file(const std::string& name) const { return path() + "/" + name; }
  std::vector<std::string> files() const { return list_dir(path()); }
  Epoch& epoch() { return epoch_; }

 private:
  TempDir dir_;
  Epoch epoch_;
  Pool pool_{1};
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<HeadChunks> chunks_;
};

// A payload that looks like a chunk of `samples` samples.
std::string payload(size_t bytes, uint16_t samples = 3) {
  std::string text(bytes, 'x');
  text[0] = static_cast<char>(samples >> 8);
  text[1] = static_cast<char>(samples);
  return text;
}

SealedChunk add(HeadChunks& chunks, uint64_t series, TimeMs t, const std::string& bytes) {
  return {t, t + 10, chunks.add(series, t, t + 10, Encoding::kXor, false, bytes)};
}

// Makes new lines of the log an error to look at.
std::vector<std::string>& log_lines() {
  static std::vector<std::string> lines;
  return lines;
}
class LogLines {
 public:
  LogLines() {
    log_lines().clear();
    set_log_level(LogLevel::kWarn);
    set_log_sink([](std::string_view line) { log_lines().emplace_back(line); });
  }
  ~LogLines() { set_log_sink(nullptr); }
  const std::vector<std::string>& all() const { return log_lines(); }
};

}  // namespace

TEST_CASE("a sealed chunk keeps its times and its place to the last bit") {
  for (const TimeMs min :
       {-kMaxHeadTime, TimeMs{-1}, TimeMs{0}, TimeMs{1'700'000'000'000}, kMaxHeadTime - 5}) {
    for (const uint64_t place : {uint64_t{0}, uint64_t{0xffffffff}, (uint64_t{1} << 40) - 1}) {
      const SealedChunk chunk(min, min + 5, place);
      CHECK(chunk.min_time() == min);
      CHECK(chunk.max_time() == min + 5);
      CHECK(chunk.place() == place);
    }
  }
  const SealedChunk longest(0, 0xffffffff, 0);
  CHECK(longest.max_time() == 0xffffffff);
  CHECK(SealedChunk::fits(0, 0xffffffff));
  CHECK_FALSE(SealedChunk::fits(0, 0x100000000));
  CHECK_FALSE(SealedChunk::fits(kMaxHeadTime, kMaxHeadTime + 1));
  CHECK_FALSE(SealedChunk::fits(kMinTime, kMinTime));
  CHECK_FALSE(SealedChunk::fits(2, 1));
}

TEST_CASE("a file has the bytes of Prometheus' format") {
  Chunks chunks;
  chunks.open().add(0x0102, 1000, 2000, Encoding::kXor, false, std::string("\x00\x01\x7f", 3));
  chunks->add(3, -1, 5, Encoding::kHistogram, true, std::string("\x00\x02", 2));
  chunks.close();
  CHECK(to_hex(read_file(chunks.file("000001"))) ==
        "0130bc9101000000"
        "000000000000010200000000000003e800000000000007d0010300017f"
        "5f0983bd"
        "0000000000000003ffffffffffffffff000000000000000582020002"
        "85a594d2");
}

TEST_CASE("a chunk can be read at once, when it is written, and after it was loaded") {
  Chunks chunks;
  chunks.open();
  std::vector<SealedChunk> sealed;
  std::vector<std::string> bytes;
  for (int i = 0; i < 3000; ++i) {
    bytes.push_back(payload(2 + static_cast<size_t>(i * 37 % 1500), static_cast<uint16_t>(i)));
    sealed.push_back(add(*chunks, static_cast<uint64_t>(1 + i % 7), i * 100, bytes.back()));
    const ChunkView view = chunks->read(sealed.back());
    CHECK(view.bytes == bytes.back());
    CHECK(view.min_time == i * 100);
  }
  chunks->flush();
  const auto all_there = [&] {
    for (size_t i = 0; i < sealed.size(); ++i) REQUIRE(chunks->read(sealed[i]).bytes == bytes[i]);
  };
  all_there();
  chunks.close();
  const std::vector<FoundChunk> found = chunks.load();
  all_there();
  REQUIRE(found.size() == sealed.size());
  for (size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].place == sealed[i].place());
    CHECK(found[i].series == 1 + i % 7);
    CHECK(found[i].min_time == sealed[i].min_time());
    CHECK(found[i].max_time == sealed[i].max_time());
    CHECK(found[i].samples == i);
    CHECK_FALSE(found[i].out_of_order);
  }
}

TEST_CASE("what a killed process had written is found again, without a complaint") {
  const LogLines log;
  Chunks chunks;
  chunks.open();
  for (int i = 0; i < 10; ++i) add(*chunks, 1, i * 100, payload(100));
  chunks->flush();
  for (int i = 10; i < 20; ++i) add(*chunks, 1, i * 100, payload(100));
  chunks.kill();
  CHECK(log.all().size() == 1);  // of the writing that failed
  CHECK(chunks.load().size() == 10);
  CHECK(log.all().size() == 1);
}

TEST_CASE(
    "a process killed in the middle of a write leaves chunks before it, without a complaint") {
  for (size_t part : {0u, 100u, 500u, 1000u}) {
    CAPTURE(part);
    Chunks chunks;
    chunks.open();
    for (int i = 0; i < 10; ++i) add(*chunks, 1, i * 100, payload(100));
    chunks->flush();
    for (int i = 10; i < 20; ++i) add(*chunks, 1, i * 100, payload(100));
    {
      const LogLines log;
      bool dead = false;
      set_file_hook([&](FileOp op, const std::string&, size_t* bytes) {
        *bytes = op == FileOp::kWrite && !dead ? std::min(part, *bytes) : 0;
        dead = true;
        throw Error(ErrorKind::kIo, "the process was killed");
      });
      chunks.close();
      set_file_hook({});
    }
    const LogLines log;
    CHECK(chunks.load().size() == 10);
    CHECK(log.all().empty());
  }
}

TEST_CASE("a start goes on with a file of its own") {
  Chunks chunks;
  add(chunks.open(), 1, 0, payload(50));
  chunks.close();
  chunks.load();
  add(*chunks, 1, 100, payload(60));
  chunks.close();
  CHECK(chunks.files() == std::vector<std::string>{"000001", "000002"});
  CHECK(chunks.load().size() == 2);
}

TEST_CASE(
    "files are deleted from the oldest on, when their chunks are removed, but not the newest") {
  Chunks chunks;
  chunks.open();
  std::vector<SealedChunk> sealed;
  for (int i = 0; i < 4; ++i) {
    sealed.push_back(add(*chunks, 1, i * 100, payload(50)));
    chunks->truncate();
  }
  CHECK(chunks.files() ==
        std::vector<std::string>{"000001", "000002", "000003", "000004", "000005"});
  chunks->remove(sealed[1].place());
  chunks->truncate();
  CHECK(chunks.files().size() == 5);  // the first one is in the way
  chunks->remove(sealed[0].place());
  chunks->truncate();
  CHECK(chunks.files() == std::vector<std::string>{"000003", "000004", "000005"});
  CHECK(chunks->read(sealed[2]).min_time == 200);
  chunks->remove(sealed[2].place());
  chunks->remove(sealed[3].place());
  chunks->truncate();
  CHECK(chunks.files() == std::vector<std::string>{"000005"});
  chunks.close();
  CHECK(chunks.load().empty());
  add(*chunks, 1, 500, payload(50));
  chunks.close();
  CHECK(chunks.files() == std::vector<std::string>{"000005", "000006"});
}

TEST_CASE("a reader that was there before a file was deleted can still read it") {
  Chunks chunks;
  const SealedChunk sealed = add(chunks.open(), 1, 0, payload(5000, 77));
  {
    const Epoch::Guard reader = chunks.epoch().enter();
    chunks->remove(sealed.place());
    chunks->truncate();
    CHECK(chunks.files() == std::vector<std::string>{"000002"});
    CHECK(chunks->read(sealed).bytes == payload(5000, 77));
  }
}

TEST_CASE("a full disk loses nothing: chunks stay in memory and are written when there is room") {
  const LogLines log;
  Chunks chunks;
  chunks.open();
  std::vector<SealedChunk> sealed;
  set_file_hook([](FileOp op, const std::string&, size_t* bytes) {
    if (op != FileOp::kCreate && op != FileOp::kWrite) return;
    *bytes /= 2;
    throw Error(ErrorKind::kIo, "no space left for chunks");  // logged once per text
  });
  for (int i = 0; i < 100; ++i) sealed.push_back(add(*chunks, 1, i * 100, payload(1000)));
  CHECK_THROWS_AS(chunks->flush(), Error);
  chunks->truncate();
  CHECK(log.all().size() >= 1);
  for (int i = 100; i < 200; ++i) sealed.push_back(add(*chunks, 1, i * 100, payload(1000)));
  for (const SealedChunk& chunk : sealed) CHECK(chunks->read(chunk).bytes == payload(1000));
  set_file_hook({});
  chunks->flush();
  for (const SealedChunk& chunk : sealed) CHECK(chunks->read(chunk).bytes == payload(1000));
  chunks.close();
  CHECK(chunks.load().size() == 200);
}

TEST_CASE("files whose chunks were all removed while the disk was full are not missed") {
  const LogLines log;
  Chunks chunks;
  chunks.open();
  set_file_hook([](FileOp, const std::string&, size_t*) {
    throw Error(ErrorKind::kIo, "no space left on device");
  });
  chunks->remove(add(*chunks, 1, 0, payload(1000)).place());
  chunks->truncate();
  set_file_hook({});
  chunks->truncate();
  add(*chunks, 1, 100, payload(1000));
  chunks.close();
  CHECK(chunks.load().size() == 1);
}

TEST_CASE(
    "a flipped byte anywhere is named, and takes the file and those after it out of service") {
  Chunks chunks;
  chunks.open();
  for (int i = 0; i < 3; ++i) {
    add(*chunks, 1, i * 100, payload(40));
    add(*chunks, 2, i * 100, payload(30));
    chunks->truncate();
  }
  chunks.close();
  std::map<std::string, std::string> whole;
  for (const std::string& name : chunks.files()) whole[name] = read_file(chunks.file(name));
  REQUIRE(whole.size() == 4);
  const std::string& second = whole["000002"];
  for (size_t at = 0; at < second.size(); ++at) {
    if (at >= 5 && at < 8) continue;  // nobody looks at these
    CAPTURE(at);
    for (const auto& [name, bytes] : whole) write_file(chunks.file(name), bytes);
    std::string damaged = second;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write_file(chunks.file("000002"), damaged);
    const LogLines log;
    const std::vector<FoundChunk> found = chunks.load();
    CHECK(found.size() == 2);
    REQUIRE(log.all().size() == 1);
    CHECK(log.all()[0].find("chunks_head/000002") != std::string::npos);
    CHECK(chunks.files() == std::vector<std::string>{"000001"});
    add(*chunks, 1, 100, payload(40));
    chunks.close();
    CHECK(chunks.load().size() == 3);
    chunks.close();
  }
}

TEST_CASE("a file cut anywhere gives all of its chunks, or is taken out of service") {
  Chunks chunks;
  chunks.open();
  add(*chunks, 1, 0, payload(40));
  chunks->truncate();
  add(*chunks, 1, 100, payload(40));
  add(*chunks, 1, 200, payload(30));
  chunks.close();
  const std::string first = read_file(chunks.file("000001"));
  const std::string second = read_file(chunks.file("000002"));
  for (size_t length = 0; length < second.size(); ++length) {
    CAPTURE(length);
    write_file(chunks.file("000001"), first);
    write_file(chunks.file("000002"), second.substr(0, length));
    const LogLines log;
    const std::vector<FoundChunk> found = chunks.load();
    // The first bytes of a chunk are zeros, as room that was not used would be.
    const size_t left = length < 8 + 70 ? length - 8 : length - 8 - 70;
    const bool seems_whole = length >= 8 && left < 8;
    CHECK(found.size() == (seems_whole && length >= 8 + 70 ? 2 : 1));
    CHECK(log.all().size() == (length < 8 || seems_whole ? 0 : 1));
    CHECK(chunks.files().size() == (seems_whole ? 2 : 1));
    chunks.close();
  }
}

TEST_CASE("zeros after the last chunk are room that was not used") {
  Chunks chunks;
  add(chunks.open(), 1, 0, payload(40));
  chunks.close();
  const std::string file = read_file(chunks.file("000001"));
  const LogLines log;
  for (const size_t room : {1u, 20u, 33u, 34u, 5000u}) {
    CAPTURE(room);
    write_file(chunks.file("000001"), file + std::string(room, '\0'));
    CHECK(chunks.load().size() == 1);
    chunks.close();
  }
  CHECK(log.all().empty());
}

TEST_CASE("what follows a gap in the numbers is removed, files of other names stay") {
  Chunks chunks;
  chunks.open();
  for (int i = 0; i < 3; ++i) {
    add(*chunks, 1, i * 100, payload(40));
    chunks->truncate();
  }
  chunks.close();
  write_file(chunks.file("notes.txt"), "not ours");
  remove_file(chunks.file("000002"));
  const LogLines log;
  CHECK(chunks.load().size() == 1);
  CHECK(log.all().size() == 1);
  CHECK(chunks.files() == std::vector<std::string>{"000001", "notes.txt"});
}

TEST_CASE("chunks of a file that changed under us are not believed") {
  Chunks chunks;
  const SealedChunk sealed = add(chunks.open(), 1, 0, payload(9000));
  chunks.close();
  chunks.load();
  CHECK(chunks->read(sealed).bytes == payload(9000));
  std::fstream(chunks.file("000001"), std::ios::in | std::ios::out | std::ios::binary)
      .seekp(200)
      .put('y');
  CHECK_THROWS_WITH_AS(chunks->read(sealed), doctest::Contains("checksum mismatch"), Error);
}

TEST_CASE(
    "an in-order chunk that is too long for a head counts as damage, one out of order is shown") {
  Chunks chunks;
  chunks.open();
  chunks.close();
  std::string late, in_order;
  encode_head_chunk({1, 0, TimeMs{1} << 40, Encoding::kXor, true, payload(20)}, late);
  encode_head_chunk({1, 0, TimeMs{1} << 40, Encoding::kXor, false, payload(20)}, in_order);
  const LogLines log;
  write_file(chunks.file("000001"), head_chunk_file_header() + late);
  const std::vector<FoundChunk> found = chunks.load();
  REQUIRE(found.size() == 1);
  CHECK(found[0].max_time == TimeMs{1} << 40);
  CHECK(found[0].out_of_order);
  CHECK(log.all().empty());
  chunks.close();
  write_file(chunks.file("000001"), head_chunk_file_header() + in_order);
  CHECK(chunks.load().empty());
  CHECK(log.all().size() == 1);
}

TEST_CASE("clearing removes all files and never gives a number twice") {
  Chunks chunks;
  add(chunks.open(), 1, 0, payload(40));
  chunks->truncate();
  chunks.close();
  chunks.open().clear();
  CHECK(chunks.files().empty());
  add(*chunks, 1, 0, payload(40));
  chunks.close();
  CHECK(chunks.files() == std::vector<std::string>{"000003"});
}
