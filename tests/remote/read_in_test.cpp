#include "remote/read_in.h"

#include <doctest/doctest.h>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <thread>

#include "core/bytes.h"
#include "core/compress.h"
#include "core/crc32c.h"
#include "core/error.h"
#include "tests/web/fake_storage.h"
#include "tsdb/chunk.h"

using namespace hearth;
using namespace hearth::remote;
using hearth::web::FakeStorage;

namespace {

struct MatcherText {
  int type;
  const char *name, *value;
};

std::string message(const std::vector<MatcherText>& matchers, TimeMs start, TimeMs end,
                    const std::vector<int>& accepted = {}) {
  std::string out;
  protozero::pbf_writer request(out);
  {
    protozero::pbf_writer query(request, 1);
    query.add_int64(1, start);
    query.add_int64(2, end);
    for (const MatcherText& m : matchers) {
      protozero::pbf_writer matcher(query, 3);
      matcher.add_enum(1, m.type);
      matcher.add_string(2, m.name);
      matcher.add_string(3, m.value);
    }
  }
  for (const int type : accepted) request.add_enum(2, type);
  return out;
}

struct Frame {
  std::string labels;
  Columns samples;
  int64_t query = 0;
};

std::string read_labels(protozero::pbf_reader& series) {
  protozero::pbf_reader label = series.get_message();
  std::string text;
  while (label.next()) text += (text.empty() ? "" : "=") + label.get_string();
  return text + ";";
}

std::vector<Frame> read_frames(std::string_view bytes) {
  std::vector<Frame> frames;
  while (!bytes.empty()) {
    ByteReader reader(bytes);
    const size_t length = reader.uvarint();
    const uint32_t checksum = reader.be32();
    const std::string_view body = bytes.substr(bytes.size() - reader.left(), length);
    CHECK(crc32c(body) == checksum);
    bytes.remove_prefix(bytes.size() - reader.left() + length);
    Frame& frame = frames.emplace_back();
    protozero::pbf_reader response(body.data(), body.size());
    while (response.next()) {
      if (response.tag() == 2) {
        frame.query = response.get_int64();
        continue;
      }
      protozero::pbf_reader series = response.get_message();
      while (series.next()) {
        if (series.tag() == 1) {
          frame.labels += read_labels(series);
          continue;
        }
        protozero::pbf_reader chunk = series.get_message();
        int encoding = 0;
        while (chunk.next()) {
          if (chunk.tag() == 3) {
            encoding = chunk.get_enum();
          } else if (chunk.tag() == 4) {
            const auto data = chunk.get_view();
            tsdb::decode_chunk(static_cast<tsdb::Encoding>(encoding), {data.data(), data.size()},
                               {}, frame.samples);
          } else {
            chunk.skip();
          }
        }
      }
    }
  }
  return frames;
}

struct Storage {
  explicit Storage(size_t samples) {
    std::vector<Sample> all;
    for (size_t i = 0; i < samples; ++i) {
      all.push_back({static_cast<TimeMs>(1000 + i * 10), static_cast<double>(i)});
    }
    storage.series.push_back({{{"__name__", "up"}, {"job", "a"}}, all});
    storage.series.push_back({{{"__name__", "up"}, {"job", "b"}, {"region", "own"}}, all});
  }
  std::vector<Frame> frames(ReadServer& server, const std::string& text, const Labels& external) {
    const auto stream = server.stream_chunks(parse_read_request(text), external);
    std::string out;
    while (stream->next(out)) {
    }
    return read_frames(out);
  }
  FakeStorage storage;
  Registry registry;
};

std::string refusal(const std::string& body) {
  try {
    parse_read_request(body);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kBadData);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("chunks hold all samples of the range, with the external labels that are missing") {
  Storage storage(500);
  ReadServer server({}, storage.storage, storage.registry);
  const Labels external{{"region", "eu"}};
  const auto frames =
      storage.frames(server, message({{0, "__name__", "up"}}, 1100, 4000, {1}), external);
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].labels == "__name__=up;job=a;region=eu;");
  CHECK(frames[1].labels == "__name__=up;job=b;region=own;");
  REQUIRE(frames[0].samples.t.size() == 291);
  CHECK(frames[0].samples.t.front() == 1100);
  CHECK(frames[0].samples.t.back() == 4000);
  CHECK(frames[0].samples.v.back() == 300);
}

TEST_CASE("a frame holds no more bytes than it may") {
  Storage storage(2000);
  ReadOptions options;
  options.max_frame_bytes = 500;
  ReadServer server(options, storage.storage, storage.registry);
  const auto frames = storage.frames(server, message({{0, "job", "a"}}, 0, 1 << 20, {1, 0}), {});
  CHECK(frames.size() > 4);
  size_t samples = 0;
  for (const Frame& frame : frames) samples += frame.samples.t.size();
  CHECK(samples == 2000);
}

TEST_CASE("a matcher that an external label fulfils is no condition") {
  Storage storage(3);
  ReadServer server({}, storage.storage, storage.registry);
  const Labels external{{"region", "eu"}};
  const auto found = [&](const char* region) {
    return storage
        .frames(server, message({{0, "__name__", "up"}, {0, "region", region}}, 0, 5000, {1}),
                external)
        .size();
  };
  CHECK(found("eu") == 1);
  CHECK(found("own") == 1);
  CHECK(found("other") == 0);
}

TEST_CASE("samples come in one message, up to their limit") {
  Storage storage(100);
  ReadOptions options;
  options.sample_limit = 200;
  ReadServer enough(options, storage.storage, storage.registry);
  const ReadRequest request = parse_read_request(message({{0, "__name__", "up"}}, 0, 1 << 20));
  CHECK_FALSE(request.streamed);
  std::string plain;
  snappy_uncompress(enough.read_samples(request, {}), plain, 1 << 20);
  protozero::pbf_reader response(plain.data(), plain.size());
  REQUIRE(response.next());
  protozero::pbf_reader result = response.get_message();
  size_t series = 0;
  while (result.next()) {
    result.skip();
    ++series;
  }
  CHECK(series == 2);
  options.sample_limit = 199;
  ReadServer little(options, storage.storage, storage.registry);
  CHECK_THROWS_WITH_AS(little.read_samples(request, {}), "exceeded sample limit (199)", Error);
}

TEST_CASE("a read whose client has gone ends") {
  Storage storage(10);
  ReadServer server({}, storage.storage, storage.registry);
  const std::atomic<bool> gone{true};
  const auto read = [&] {
    server.read_samples(parse_read_request(message({{0, "__name__", "up"}}, 0, 5000)), {}, &gone);
  };
  CHECK_THROWS_WITH_AS(read(), "remote read was canceled", Error);
  const auto stream = server.stream_chunks(
      parse_read_request(message({{0, "__name__", "up"}}, 0, 5000, {1})), {}, &gone);
  std::string out;
  CHECK_THROWS_AS(stream->next(out), Error);
}

TEST_CASE("requests that cannot be answered are refused") {
  CHECK(refusal(message({{7, "a", "b"}}, 0, 1)) == "invalid matcher type");
  CHECK(refusal(message({{2, "a", "("}}, 0, 1)) != "");
  CHECK(refusal(message({}, 0, 1, {7, 9}))
            .starts_with("server does not support any of the requested response types: [7 9]"));
  CHECK(refusal("\x0a\xff\xff\xff") != "");
  const Storage storage(1);
  Registry registry;
  FakeStorage empty;
  const ReadServer server({}, empty, registry);
  CHECK_THROWS_AS(server.parse("nonsense"), Error);
}

TEST_CASE("the first kind of answer that is known is taken") {
  CHECK(parse_read_request(message({}, 0, 1, {9, 1, 0})).streamed);
  CHECK_FALSE(parse_read_request(message({}, 0, 1, {0, 1})).streamed);
}

TEST_CASE("no more requests read at one time than may") {
  Gate gate(1);
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n) {
        const Gate::Pass pass(gate);
        most = std::max(most.load(), ++inside);
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(most == 1);
}
