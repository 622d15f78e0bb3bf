#include <doctest/doctest.h>

#include <random>

#include "core/bytes.h"
#include "core/crc32c.h"
#include "core/error.h"
#include "core/file.h"
#include "tests/tsdb/block_data.h"
#include "tests/tsdb/hex.h"
#include "tsdb/index_reader.h"
#include "tsdb/index_writer.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// What Prometheus 3.5 writes for a{x="1"} with one chunk and a{x="2",y="z"} with another.
constexpr const char* kGolden =
    "baaad700020000001a000000080001310132085f5f6e616d655f5f016101780179017a6f00b0020000000000000000"
    "000b020304050101d00fd00f0880c072120c0303040502060701a01f00200ded47010000000000000c00000001"
    "000000010000000420d59ba60000001000000001000000020000000100000002461967b50000000c00000001000000"
    "0100000007338568520000000c000000020000000300000004495848d70000000c0000000200000003000000044958"
    "48d7000000080000000100000003a7692ed200000008000000010000000473a34a3900000008000000010000000473"
    "a34a39000000180000000301085f5f6e616d655f5f5401017868010179800115027a1c0000002c0000000502000094"
    "0102085f5f6e616d655f5f0161a8010201780131bc010201780132cc01020179017adc013f10884600000000000000"
    "050000000000000027000000000000005100000000000000ec0000000000000094000000000000010c359d8dec";

std::string write_golden_series(const std::string& dir) {
  const std::string path = dir + "/index";
  IndexWriter writer(path);
  const std::vector<ChunkMeta> first{{8, 1000, 3000}};
  const std::vector<ChunkMeta> second{{32, 2000, 2000}};
  writer.add_series(Labels{{"__name__", "a"}, {"x", "1"}}, first);
  writer.add_series(Labels{{"__name__", "a"}, {"x", "2"}, {"y", "z"}}, second);
  writer.finish();
  return path;
}

using Series = std::map<Labels, std::vector<ChunkMeta>>;

Series random_series(size_t count) {
  std::mt19937_64 random(3);
  Series series;
  for (size_t i = 0; i < count; ++i) {
    std::vector<std::pair<std::string, std::string>> labels{
        {"__name__", "m" + std::to_string(random() % 5)}, {"id", std::to_string(random() % 5000)}};
    if (i % 3 == 0) labels.emplace_back("long", std::string(300 + random() % 300, 'v'));
    if (i % 5 == 0) labels.emplace_back(std::string(260, 'n'), "of a long name");
    auto& chunks = series[Labels::from_pairs(labels)];
    chunks.clear();
    TimeMs t = static_cast<TimeMs>(random() % 1'000'000) - 500'000;
    for (size_t k = random() % 4 + 1; k > 0; --k) {
      const TimeMs end = t + static_cast<TimeMs>(random() % 10'000);
      chunks.push_back({random() >> 20, t, end});
      t = end + 1 + static_cast<TimeMs>(random() % 100);
    }
  }
  return series;
}

Series read_all(const IndexReader& index) {
  Series series;
  const PostingsView all = index.all();
  NeighbourLabels labels;
  std::vector<ChunkMeta> chunks;
  for (size_t i = 0; i < all.size(); ++i) {
    index.series(all[i], labels, chunks);
    series[Labels::from_flat(std::string(labels.flat()))] = chunks;
  }
  return series;
}

bool same_chunks(const std::vector<ChunkMeta>& a, const std::vector<ChunkMeta>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const ChunkMeta& c, const ChunkMeta& d) {
                      return c.ref == d.ref && c.min_time == d.min_time && c.max_time == d.max_time;
                    });
}

bool equal(const Series& a, const Series& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && same_chunks(x.second, y.second);
  });
}

// An index of version 1: symbols named by their place in the file, series unaligned and named by
// theirs, the postings table in no order. {a="1"}, {a="2", b="1"}.
std::string version_1_index() {
  std::string file;
  ByteWriter out(file);
  const auto section = [&](const std::string& content) {
    const uint64_t at = file.size();
    out.be32(static_cast<uint32_t>(content.size()));
    out.bytes(content);
    out.be32(crc32c(content));
    return at;
  };
  out.be32(kIndexMagic);
  out.u8(1);
  std::string symbols;
  ByteWriter s(symbols);
  s.be32(4);
  std::map<std::string, uint64_t> place;
  for (const std::string text : {"1", "2", "a", "b"}) {
    place[text] = file.size() + 4 + symbols.size();
    s.uvarint_string(text);
  }
  const uint64_t symbols_at = section(symbols);
  const uint64_t series_at = file.size();
  std::vector<uint32_t> refs;
  const auto series = [&](const std::vector<std::pair<std::string, std::string>>& labels) {
    std::string content;
    ByteWriter w(content);
    w.uvarint(labels.size());
    for (const auto& [name, value] : labels) {
      w.uvarint(place[name]);
      w.uvarint(place[value]);
    }
    w.uvarint(1);
    w.varint(10);
    w.uvarint(5);
    w.uvarint(8);
    refs.push_back(static_cast<uint32_t>(file.size()));
    out.uvarint(content.size());
    out.bytes(content);
    out.be32(crc32c(content));
  };
  series({{"a", "1"}});
  series({{"a", "2"}, {"b", "1"}});
  const uint64_t postings_at = file.size();
  const auto postings = [&](const std::vector<uint32_t>& list) {
    std::string content;
    ByteWriter w(content);
    w.be32(static_cast<uint32_t>(list.size()));
    for (const uint32_t ref : list) w.be32(ref);
    return section(content);
  };
  std::string table;
  ByteWriter t(table);
  t.be32(4);
  const auto entry = [&](const char* name, const char* value, uint64_t at) {
    t.uvarint(2);
    t.uvarint_string(name);
    t.uvarint_string(value);
    t.uvarint(at);
  };
  entry("b", "1", postings({refs[1]}));
  entry("a", "2", postings({refs[1]}));
  entry("", "", postings(refs));
  entry("a", "1", postings({refs[0]}));
  const uint64_t table_at = section(table);
  std::string toc;
  ByteWriter w(toc);
  for (const uint64_t at : {symbols_at, series_at, postings_at, postings_at, postings_at, table_at})
    w.be64(at);
  w.be32(crc32c(toc));
  return file + toc;
}

// Opens and reads everything; what is damaged may throw Error(kCorrupt), nothing else.
enum class Outcome { kSame, kCorrupt, kOther };
Outcome read_damaged(const std::string& path, const Series& want) {
  try {
    const IndexReader index(path);
    Series got = read_all(index);
    std::vector<PostingsView> lists;
    for (const std::string& name : index.names())
      index.postings_where(
          name, "", [](std::string_view) { return true; }, lists);
    size_t refs = 0;
    for (const PostingsView& list : lists) refs += list.size();
    std::set<std::string> names;
    index.names_of(unite(lists), names);
    for (const std::string& name : names) {
      for (const std::string& value : select_label_values(index, name, {}, 0))
        refs -= index.postings(name, value).size();
    }
    return equal(got, want) && refs == 0 ? Outcome::kSame : Outcome::kOther;
  } catch (const Error& e) {
    CHECK_MESSAGE(e.kind() == ErrorKind::kCorrupt, e.what());
    return Outcome::kCorrupt;
  }
}

}  // namespace

TEST_CASE("an index has the bytes that Prometheus writes") {
  TempDir dir;
  CHECK(to_hex(read_file(write_golden_series(dir.path()))) == kGolden);
  CHECK(list_dir(dir.path()) == std::vector<std::string>{"index"});
}

TEST_CASE("an index gives back its series, chunks, names and values") {
  TempDir dir;
  const Series series = random_series(3000);
  IndexWriter writer(dir.path() + "/index");
  for (const auto& [labels, chunks] : series) writer.add_series(labels, chunks);
  writer.finish();

  const IndexReader index(dir.path() + "/index");
  CHECK(equal(read_all(index), series));
  std::map<std::pair<std::string, std::string>, size_t> counts;
  for (const auto& [labels, unused] : series) {
    for (const Label& label : labels) ++counts[{std::string(label.name), std::string(label.value)}];
  }
  for (const auto& entry : counts) {
    const auto& [name, value] = entry.first;
    CAPTURE(entry.first.second);
    REQUIRE(index.postings(name, value).size() == entry.second);
  }
  CHECK(index.postings("id", "none").empty());
  CHECK(index.postings("id", "").empty());
  CHECK(index.postings("", "").empty());
  CHECK(index.postings("zzz", "1").empty());
}

TEST_CASE("series read in any order with what was kept of the one before are those read alone") {
  TempDir dir;
  const Series series = random_series(2'000);
  IndexWriter writer(dir.path() + "/index");
  for (const auto& [of, told] : series) writer.add_series(of, told);
  writer.finish();
  const IndexReader index(dir.path() + "/index");
  const PostingsView all = index.all();
  std::mt19937_64 random(4);
  NeighbourLabels labels;
  std::vector<ChunkMeta> chunks, again;
  for (size_t i = 0; i < 3 * all.size(); ++i) {
    const uint32_t ref = i < all.size() ? all[i] : all[random() % all.size()];
    if (random() % 100 == 0) CHECK_THROWS_AS(index.series(~uint32_t{0}, labels, chunks), Error);
    const uint32_t at = index.series(ref, labels, chunks);
    NeighbourLabels alone;
    REQUIRE(index.series(ref, alone, again) == at);
    REQUIRE(labels.flat() == alone.flat());
    REQUIRE(same_chunks(chunks, again));
    index.chunks(ref, at, again);
    REQUIRE(same_chunks(chunks, again));
    REQUIRE(same_chunks(chunks, series.at(Labels::from_flat(std::string(labels.flat())))));
  }
}

TEST_CASE("series that come out of order are refused") {
  TempDir dir;
  IndexWriter writer(dir.path() + "/index");
  writer.add_series(Labels{{"a", "2"}}, {});
  CHECK_THROWS_WITH_AS(writer.add_series(Labels{{"a", "1"}}, {}),
                       "series out of order: {a=\"1\"} after {a=\"2\"}", Error);
  CHECK_THROWS_AS(writer.add_series(Labels{{"a", "2"}}, {}), Error);
}

TEST_CASE("an index of version 1 is read") {
  TempDir dir;
  const std::string path = dir.path() + "/index";
  write_file(path, version_1_index());
  const IndexReader index(path);
  const Series series = read_all(index);
  CHECK(series.size() == 2);
  CHECK(series.count(Labels{{"a", "2"}, {"b", "1"}}) == 1);
  CHECK(index.postings("a", "1").size() == 1);
  CHECK(index.postings("a", "2").size() == 1);
  CHECK(index.postings("b", "2").empty());
  CHECK(select_label_values(index, "a", {}, 0) == std::vector<std::string>{"1", "2"});
}

TEST_CASE("an index of version 3 is read as one of version 2, of version 4 not") {
  TempDir dir;
  const std::string path = write_golden_series(dir.path());
  std::string bytes = read_file(path);
  const Series want = read_all(IndexReader(path));
  bytes[4] = 3;
  write_file(path, bytes);
  CHECK(equal(read_all(IndexReader(path)), want));
  bytes[4] = 4;
  write_file(path, bytes);
  CHECK_THROWS_AS(IndexReader{path}, Error);
}

TEST_CASE("an index cut short anywhere is corrupt") {
  TempDir dir;
  const std::string path = write_golden_series(dir.path());
  const std::string bytes = read_file(path);
  for (size_t size = 0; size < bytes.size(); ++size) {
    write_file(path, bytes.substr(0, size));
    CHECK_THROWS_AS(IndexReader{path}, Error);
  }
}

TEST_CASE("an index with any flipped bit is corrupt or answers the same") {
  TempDir dir;
  for (const bool version_1 : {false, true}) {
    const std::string path = dir.path() + "/index";
    std::string bytes;
    if (version_1) {
      bytes = version_1_index();
      write_file(path, bytes);
    } else {
      bytes = read_file(write_golden_series(dir.path()));
    }
    const Series series = read_all(IndexReader(path));
    size_t corrupt = 0;
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      write_file(path, damaged);
      const Outcome outcome = read_damaged(path, series);
      corrupt += outcome == Outcome::kCorrupt ? 1 : 0;
      CHECK_MESSAGE(outcome != Outcome::kOther, "bit ", bit, " of version ", version_1 ? 1 : 2);
    }
    CHECK(corrupt > bytes.size() * 4);
  }
}

TEST_CASE("an index with wrong numbers and right checksums reads nothing outside of the file") {
  // Every u32 of the postings and every byte of a series is replaced, checksums made right again.
  TempDir dir;
  const std::string path = write_golden_series(dir.path());
  const std::string bytes = read_file(path);
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = bytes;
    // The sections of the golden file that have a length of 4 bytes, and their checksums.
    for (const size_t at : {5u, 0x94u, 0xa8u, 0xbcu, 0xccu, 0xdcu, 0xecu, 0x10cu}) {
      const size_t length = load_be32(bytes.data() + at);
      if (random() % 4 == 0) damaged[at + 4 + random() % length] = static_cast<char>(random());
      std::string crc;
      ByteWriter(crc).be32(crc32c(std::string_view(damaged).substr(at + 4, length)));
      damaged.replace(at + 4 + length, 4, crc);
    }
    for (const size_t at : {0x30u, 0x40u}) {
      const auto length = static_cast<size_t>(bytes[at]);
      if (random() % 4 == 0) damaged[at + 1 + random() % length] = static_cast<char>(random());
      std::string crc;
      ByteWriter(crc).be32(crc32c(std::string_view(damaged).substr(at + 1, length)));
      damaged.replace(at + 1 + length, 4, crc);
    }
    write_file(path, damaged);
    (void)read_damaged(path, {});
  }
  CHECK(read_file(path).size() == bytes.size());
}
