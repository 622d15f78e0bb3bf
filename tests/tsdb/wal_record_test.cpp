#include "tsdb/wal_record.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/tsdb/hex.h"
#include "tests/tsdb/mmap_markers.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

std::string sample_text(uint64_t ref, TimeMs t, double v) {
  return std::to_string(ref) + "@" + std::to_string(t) + "=" + std::to_string(v);
}

}  // namespace

TEST_CASE("a series record has the bytes that the format says") {
  SeriesRecord record;
  record.add(258, Labels{{"a", "bc"}, {"job", "x"}});
  const std::string bytes = record.take();
  CHECK(to_hex(bytes) ==
        "01"
        "0000000000000102"
        "02"
        "0161"
        "026263"
        "036a6f62"
        "0178");
  std::vector<std::string> seen;
  read_series(bytes, [&](uint64_t ref, LabelsView labels) {
    seen.push_back(std::to_string(ref) + labels_text(labels));
  });
  CHECK(seen == std::vector<std::string>{"258{a=\"bc\", job=\"x\"}"});
}

TEST_CASE("a samples record has the bytes that the format says") {
  SamplesRecord record;
  record.reserve(3);
  record.add(10, 1000, 1.0);
  record.add(11, 1000, 2.0);
  record.add(9, 999, -0.0);
  const std::string bytes = record.take();
  CHECK(to_hex(bytes) ==
        "02"
        "000000000000000a"
        "00000000000003e8"
        "00"
        "00"
        "3ff0000000000000"
        "02"
        "00"
        "4000000000000000"
        "01"
        "01"
        "8000000000000000");
  std::vector<std::string> seen;
  read_samples(bytes,
               [&](uint64_t ref, TimeMs t, double v) { seen.push_back(sample_text(ref, t, v)); });
  CHECK(seen == std::vector<std::string>{sample_text(10, 1000, 1.0), sample_text(11, 1000, 2.0),
                                         sample_text(9, 999, -0.0)});
}

TEST_CASE("samples at the ends of refs and times come back") {
  SamplesRecord record;
  record.reserve(3);
  record.add(1, kMaxTime, 1);
  record.add(~uint64_t{0}, kMinTime, 2);
  record.add(0, 0, 3);
  std::vector<std::string> seen;
  const std::string bytes = record.take();
  read_samples(bytes,
               [&](uint64_t ref, TimeMs t, double v) { seen.push_back(sample_text(ref, t, v)); });
  CHECK(seen == std::vector<std::string>{sample_text(1, kMaxTime, 1),
                                         sample_text(~uint64_t{0}, kMinTime, 2),
                                         sample_text(0, 0, 3)});
}

TEST_CASE("a metadata record has the bytes that the format says") {
  MetadataRecord record;
  record.add(300, {MetricType::kCounter, "s", "h"});
  const std::string bytes = record.take();
  CHECK(to_hex(bytes) ==
        "06"
        "ac02"
        "01"
        "02"
        "04554e4954"
        "0173"
        "0448454c50"
        "0168");
  size_t seen = 0;
  read_metadata(bytes, [&](uint64_t ref, const Metadata& metadata) {
    ++seen;
    CHECK(ref == 300);
    CHECK(metadata == Metadata{MetricType::kCounter, "s", "h"});
  });
  CHECK(seen == 1);
}

TEST_CASE("a tombstones record comes back") {
  std::string bytes;
  append_tombstone(bytes, {5, -10, 20});
  append_tombstone(bytes, {6, 0, kMaxTime});
  std::vector<TimeMs> seen;
  read_tombstones(bytes, [&](const TombstoneEntry& entry) {
    seen.push_back(static_cast<TimeMs>(entry.ref));
    seen.push_back(entry.min);
    seen.push_back(entry.max);
  });
  CHECK(seen == std::vector<TimeMs>{5, -10, 20, 6, 0, kMaxTime});
}

TEST_CASE("an exemplars record has the bytes that the format says") {
  ExemplarsRecord record;
  record.add(258, {Labels{{"trace", "x"}}, 1.0, 1000, true});
  record.add(257, {Labels{}, -1.0, 1001, true});
  const std::string bytes = record.take();
  CHECK(to_hex(bytes) ==
        "04"
        "0000000000000102"
        "00000000000003e8"
        "00"
        "00"
        "3ff0000000000000"
        "01"
        "057472616365"
        "0178"
        "01"
        "02"
        "bff0000000000000"
        "00");
  std::vector<std::string> seen;
  read_exemplars(bytes, [&](uint64_t ref, const Exemplar& exemplar) {
    seen.push_back(sample_text(ref, exemplar.t, exemplar.value) + labels_text(exemplar.labels));
    CHECK(exemplar.has_time);
  });
  CHECK(seen == std::vector<std::string>{sample_text(258, 1000, 1.0) + "{trace=\"x\"}",
                                         sample_text(257, 1001, -1.0) + "{}"});
  record.add(258, {Labels{{"trace", "x"}}, 1.0, 1000, true});
  CHECK(record.take() == bytes.substr(0, 36));
}

TEST_CASE("an mmap markers record is read as the format says") {
  const std::string bytes = mmap_markers_record({{258, uint64_t{3} << 32 | 8}, {1, 0}});
  CHECK(to_hex(bytes) ==
        "05"
        "0000000000000102"
        "0000000300000008"
        "0000000000000001"
        "0000000000000000");
  std::vector<uint64_t> seen;
  read_mmap_markers(bytes, [&](uint64_t ref, uint64_t chunk_ref) {
    seen.push_back(ref);
    seen.push_back(chunk_ref);
  });
  CHECK(seen == std::vector<uint64_t>{258, uint64_t{3} << 32 | 8, 1, 0});
}

TEST_CASE("a samples record with start times has the bytes that the format says") {
  SamplesV2Record record;
  record.add(10, 1000, 1.0, 900);
  record.add(11, 1000, 2.0, 900);
  record.add(9, 999, -0.0, 0);
  record.add(9, 1010, 1.0, 800);
  const std::string bytes = record.take();
  CHECK(to_hex(bytes) ==
        "0b"
        "14"
        "d00f"
        "880e"
        "3ff0000000000000"
        "02"
        "00"
        "01"  // the start of the sample before
        "4000000000000000"
        "03"
        "01"
        "00"  // no start
        "8000000000000000"
        "00"
        "14"
        "02"  // one of its own: 100 before the first
        "c701"
        "3ff0000000000000");
  std::vector<std::string> seen;
  std::vector<TimeMs> starts;
  read_samples(bytes, [&](uint64_t ref, TimeMs t, double v, TimeMs start) {
    seen.push_back(sample_text(ref, t, v));
    starts.push_back(start);
  });
  const std::vector<std::string> wanted = {sample_text(10, 1000, 1.0), sample_text(11, 1000, 2.0),
                                           sample_text(9, 999, -0.0), sample_text(9, 1010, 1.0)};
  CHECK(seen == wanted);
  CHECK(starts == std::vector<TimeMs>{900, 900, 0, 800});
  seen.clear();
  read_samples(bytes,
               [&](uint64_t ref, TimeMs t, double v) { seen.push_back(sample_text(ref, t, v)); });
  CHECK(seen == wanted);
}

TEST_CASE("start times at the ends of what there is come back") {
  SamplesV2Record record;
  const TimeMs starts[] = {kMinTime, kMaxTime, kMaxTime, 0, kMinTime, 5};
  for (const TimeMs start : starts) record.add(~uint64_t{0}, kMaxTime, 1, start);
  std::vector<TimeMs> seen;
  read_samples(record.take(), [&](uint64_t ref, TimeMs t, double, TimeMs start) {
    CHECK(ref == ~uint64_t{0});
    CHECK(t == kMaxTime);
    seen.push_back(start);
  });
  CHECK(seen == std::vector<TimeMs>(std::begin(starts), std::end(starts)));
}

TEST_CASE("a record cut off at any byte is an error or a shorter list of whole entries") {
  SeriesRecord series;
  SamplesRecord samples;
  MetadataRecord metadata;
  samples.reserve(5);
  std::string tombstones;
  ExemplarsRecord exemplars;
  MmapMarkers markers;
  SamplesV2Record started;
  for (uint64_t i = 1; i <= 5; ++i) {
    series.add(i, Labels{{"a", std::to_string(i)}, {"b", "x"}});
    samples.add(i * 1000, static_cast<TimeMs>(i * 1'000'000), 1.5);
    metadata.add(i, {MetricType::kGauge, "unit", "help"});
    append_tombstone(tombstones, {i, 0, 1000});
    exemplars.add(i, {Labels{{"a", "b"}}, 1.5, static_cast<TimeMs>(i), true});
    markers.emplace_back(i, i << 32);
    started.add(i, static_cast<TimeMs>(i * 1000), 1.5, static_cast<TimeMs>(i));
  }
  const std::string all[] = {series.take(),    samples.take(), metadata.take(), tombstones,
                             exemplars.take(), mmap_markers_record(markers), started.take()};
  for (size_t which = 0; which < std::size(all); ++which) {
    size_t whole = 0;
    for (size_t length = 1; length <= all[which].size(); ++length) {
      const std::string_view bytes = std::string_view(all[which]).substr(0, length);
      size_t seen = 0;
      bool failed = false;
      try {
        switch (which) {
          case 0:
            read_series(bytes, [&](uint64_t, LabelsView) { ++seen; });
            break;
          case 1:
            read_samples(bytes, [&](uint64_t, TimeMs, double) { ++seen; });
            break;
          case 2:
            read_metadata(bytes, [&](uint64_t, const Metadata&) { ++seen; });
            break;
          case 3:
            read_tombstones(bytes, [&](const TombstoneEntry&) { ++seen; });
            break;
          case 4:
            read_exemplars(bytes, [&](uint64_t, const Exemplar&) { ++seen; });
            break;
          case 5:
            read_mmap_markers(bytes, [&](uint64_t, uint64_t) { ++seen; });
            break;
          default:
            read_samples(bytes, [&](uint64_t, TimeMs, double) { ++seen; });
            break;
        }
      } catch (const Error& error) {
        failed = true;
        CHECK(error.kind() == ErrorKind::kCorrupt);
      }
      CHECK(seen <= 5);
      if (!failed) ++whole;
    }
    // Without an error only where an entry ends, after the type, and after the base of a plain
    // form.
    CHECK(whole == (which == 1 || which == 4 ? 7 : 6));
  }
}
