#include "tsdb/chunk_xor_run.h"

#include <doctest/doctest.h>

#include <bit>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/sample.h"
#include "tsdb/chunk_xor.h"
#include "tsdb/chunk_xor_lanes.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// Chunks in memory of exactly their size, so that a sanitizer sees a read past the end.
struct Chunks {
  std::vector<std::unique_ptr<char[]>> memory;
  std::vector<ChunkView> views;

  void add(std::string_view bytes, TimeMs min, TimeMs max) {
    memory.push_back(std::make_unique<char[]>(bytes.size()));
    std::copy(bytes.begin(), bytes.end(), memory.back().get());
    views.push_back({min, max, Encoding::kXor, {memory.back().get(), bytes.size()}});
  }
};

using Random = std::mt19937_64;

// Values as counters, gauges and noise have them, times regular, shaken, or with gaps.
Chunks make_chunks(Random& random) {
  Chunks chunks;
  TimeMs t = static_cast<TimeMs>(random() % 1'000'000);
  double v = 1e6;
  const auto kind = random() % 5, pace = random() % 4;
  const size_t count = 3 + random() % 20;
  for (size_t c = 0; c < count; ++c) {
    XorEncoder encoder;
    const size_t samples = 1 + random() % (random() % 2 == 0 ? 130 : 500);
    const TimeMs first = t + 15'000;
    for (size_t i = 0; i < samples; ++i) {
      t += 15'000;
      if (pace == 1) t += static_cast<TimeMs>(random() % 40);
      if (pace == 2 && random() % 50 == 0) t += static_cast<TimeMs>(random() % 5'000'000'000);
      if (kind == 0 && random() % 4 != 0) v += static_cast<double>(random() % 41);
      if (kind == 1) v = std::bit_cast<double>(random());
      if (kind == 2) v = static_cast<double>(random() % 1'000'000) / 7;
      if (kind == 3) v = random() % 2 == 0 ? -v : v + 0.25;
      if (kind == 4)
        v = random() % 30 == 0 ? stale_marker() : 4096.0 * static_cast<double>(random() % 99);
      encoder.append(t, kind == 0 ? v / 100 : v);
    }
    chunks.add(encoder.bytes(), first, t);
  }
  return chunks;
}

bool same(const Columns& a, const Columns& b) {
  if (a.t != b.t || a.v.size() != b.v.size()) return false;
  for (size_t i = 0; i < a.v.size(); ++i) {
    if (std::bit_cast<uint64_t>(a.v[i]) != std::bit_cast<uint64_t>(b.v[i])) return false;
  }
  return true;
}

// What decoding one after another gives; false where a chunk is damaged.
bool decode_singly(const Chunks& chunks, TimeRange range, Columns& out) {
  try {
    for (const ChunkView& chunk : chunks.views)
      decode_chunk(chunk.encoding, chunk.bytes, range, out);
  } catch (const Error&) {
    return false;
  }
  return true;
}

}  // namespace

TEST_CASE("chunks decoded together give what they give one after another") {
  Random random(1);
  size_t together = 0;
  for (int round = 0; round < 400; ++round) {
    const Chunks chunks = make_chunks(random);
    const TimeMs first = chunks.views.front().min_time, last = chunks.views.back().max_time;
    TimeRange range;
    if (round % 2 == 0) {
      const TimeMs half = std::max<TimeMs>(1, (chunks.views.front().max_time - first) / 2);
      range = {first + static_cast<TimeMs>(random() % static_cast<uint64_t>(half)), last - 20'000};
    }
    Columns expected, got;
    got.t = {1, 2, 3};  // what was there before does not matter
    got.v = {1, 2, 3};
    REQUIRE(decode_singly(chunks, range, expected));
    if (!decode_xor_run(chunks.views, range, got)) continue;
    ++together;
    CAPTURE(round);
    REQUIRE(same(got, expected));
  }
  CHECK((together > 100 || !has_xor_lanes()));
}

TEST_CASE("damaged chunks are refused together, or give the same as one after another") {
  Random random(2);
  for (int round = 0; round < 2'000; ++round) {
    Chunks chunks = make_chunks(random);
    ChunkView& hit = chunks.views[random() % chunks.views.size()];
    if (random() % 3 == 0) {
      hit.bytes = hit.bytes.substr(0, random() % hit.bytes.size());
    } else {
      char* const byte = const_cast<char*>(hit.bytes.data()) + random() % hit.bytes.size();
      *byte = static_cast<char>(*byte ^ 1 << random() % 8);
    }
    // In memory of its new size.
    Chunks exact;
    for (const ChunkView& chunk : chunks.views)
      exact.add(chunk.bytes, chunk.min_time, chunk.max_time);
    Columns expected, got;
    const bool good = decode_singly(exact, {}, expected);
    if (!decode_xor_run(exact.views, {}, got)) continue;
    CAPTURE(round);
    REQUIRE(good);
    // Where times do not ascend any more a cut may differ.
    if (std::is_sorted(expected.t.begin(), expected.t.end())) REQUIRE(same(got, expected));
  }
}

TEST_CASE("chunks with room behind them, damaged or not, give what they give one after another") {
  if (!has_xor_run()) return;
  Random random(4);
  for (int round = 0; round < 1'500; ++round) {
    const Chunks chunks = make_chunks(random);
    std::vector<std::string> roomy;
    std::vector<Columns> got(chunks.views.size());
    std::vector<XorJob> jobs;
    for (const ChunkView& chunk : chunks.views) {
      roomy.emplace_back(chunk.bytes);
      if (round % 2 == 1 && random() % 4 == 0) {
        char& byte = roomy.back()[2 + random() % (chunk.bytes.size() - 2)];
        byte = static_cast<char>(byte ^ 1 << random() % 8);
      }
      roomy.back().append(kXorRoom, static_cast<char>(random()));
    }
    const auto bytes = [&](size_t i) {
      return std::string_view(roomy[i]).substr(0, chunks.views[i].bytes.size());
    };
    for (size_t i = 0; i < roomy.size(); ++i) {
      const size_t samples = xor_samples(chunks.views[i]);
      got[i].t.resize(samples);
      got[i].v.resize(samples);
      jobs.push_back({bytes(i), kXorRoom, samples, got[i].t.data(), got[i].v.data()});
    }
    decode_xor_jobs(jobs);
    for (size_t i = 0; i < jobs.size(); ++i) {
      Columns expected;
      bool good = true;
      try {
        decode_chunk(Encoding::kXor, bytes(i), {kMinTime, kMaxTime}, expected);
      } catch (const Error&) {
        good = false;
      }
      CAPTURE(round);
      CAPTURE(i);
      REQUIRE(jobs[i].good == good);
      if (good) REQUIRE(same(got[i], expected));
    }
  }
}

TEST_CASE("chunks that overlap, are few or hold something else are not for this way") {
  Random random(3);
  Columns out;
  Chunks chunks = make_chunks(random);
  CHECK(!decode_xor_run(std::span(chunks.views).first(2), {}, out));
  chunks.views[1].min_time = chunks.views[0].min_time;
  CHECK(!decode_xor_run(chunks.views, {}, out));
  chunks = make_chunks(random);
  chunks.views[1].encoding = Encoding::kXor2;
  CHECK(!decode_xor_run(chunks.views, {}, out));
}
