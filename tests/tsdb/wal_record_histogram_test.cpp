#include "tsdb/wal_record_histogram.h"

#include <doctest/doctest.h>

#include <random>

#include "core/histogram_math.h"
#include "tests/tsdb/hex.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

FloatHistogram exponential(bool integer) {
  FloatHistogram h;
  h.integer = integer;
  h.counter_reset_hint = CounterResetHint::kNotReset;
  h.schema = 1;
  h.zero_threshold = 0.5;
  h.zero_count = 3;
  h.count = 12;
  h.sum = 2;
  h.positive_spans = {{-1, 2}, {3, 1}};
  h.negative_spans = {{0, 1}};
  h.positive_buckets = {1, 4, 2};
  h.negative_buckets = {2};
  return h;
}

FloatHistogram custom(bool integer) {
  FloatHistogram h;
  h.integer = integer;
  h.schema = kCustomBucketsSchema;
  h.count = 5;
  h.sum = 2;
  h.positive_spans = {{0, 2}};
  h.positive_buckets = {2, 3};
  h.custom_values = {1};
  return h;
}

std::string text(const FloatHistogram& h) {
  std::string out = h.integer ? "integer" : "float";
  const auto add = [&out](auto x) { out += " " + std::to_string(x); };
  add(static_cast<int>(h.counter_reset_hint));
  add(h.schema);
  for (const double x : {h.zero_threshold, h.zero_count, h.count, h.sum}) add(x);
  for (const auto& spans : {h.positive_spans, h.negative_spans}) {
    out += " |";
    for (const HistogramSpan& span : spans) add(span.offset), add(span.length);
  }
  for (const auto& values : {h.positive_buckets, h.negative_buckets, h.custom_values}) {
    out += " |";
    for (const double x : values) add(x);
  }
  return out;
}

std::string entry_text(uint64_t ref, TimeMs t, const FloatHistogram& h, TimeMs start) {
  return std::to_string(ref) + "@" + std::to_string(t) + " since " + std::to_string(start) + ": " +
         text(h);
}

std::vector<std::string> entries_of(std::string_view record, size_t* left_out = nullptr) {
  std::vector<std::string> entries;
  const size_t count =
      read_histograms(record, [&](uint64_t ref, TimeMs t, FloatHistogram& h, TimeMs start) {
        entries.push_back(entry_text(ref, t, h, start));
      });
  if (left_out != nullptr) *left_out = count;
  return entries;
}

std::string one_record(const FloatHistogram& h, EntryForm form = EntryForm::kPlain) {
  HistogramsRecord record(form);
  record.add(5, 1000, h);
  return record.take().at(0);
}

}  // namespace

TEST_CASE("histogram records have the bytes that the format says") {
  CHECK(to_hex(one_record(exponential(true))) ==
        "07"
        "0000000000000005"
        "00000000000003e8"
        "0000"
        "02"  // hint
        "02"  // schema
        "3fe0000000000000"
        "03"
        "0c"
        "4000000000000000"
        "02"
        "0102"
        "0601"
        "01"
        "0001"
        "03"  // 1, +3, -2
        "02"
        "06"
        "03"
        "01"
        "04");
  CHECK(to_hex(one_record(exponential(false))) ==
        "08"
        "0000000000000005"
        "00000000000003e8"
        "0000"
        "02"
        "02"
        "3fe0000000000000"
        "4008000000000000"
        "4028000000000000"
        "4000000000000000"
        "02"
        "0102"
        "0601"
        "01"
        "0001"
        "03"
        "3ff0000000000000"
        "4010000000000000"
        "4000000000000000"
        "01"
        "4000000000000000");
  CHECK(to_hex(one_record(custom(true))) ==
        "09"
        "0000000000000005"
        "00000000000003e8"
        "0000"
        "00"
        "69"  // -53
        "0000000000000000"
        "00"
        "05"
        "4000000000000000"
        "01"
        "0002"
        "00"
        "02"
        "04"
        "02"
        "00"
        "01"
        "3ff0000000000000");
  CHECK(to_hex(one_record(custom(false))).substr(0, 2) == "0a");
}

TEST_CASE("histogram records with start times have the bytes that the format says") {
  HistogramsRecord record(EntryForm::kStarted);
  FloatHistogram stale;
  stale.integer = true;
  stale.sum = 2;
  const std::string nothing =
      "00"
      "00"
      "0000000000000000"
      "00"
      "00"
      "4000000000000000"
      "00"
      "00"
      "00"
      "00";
  record.add(5, 1000, stale, 900);
  record.add(7, 1001, stale, 900);
  record.add(6, 1000, stale, 0);
  record.add(6, 1010, stale, 901);
  const std::vector<std::string> records = record.take();
  REQUIRE(records.size() == 1);
  CHECK(to_hex(records[0]) ==
        "0c"
        "0a"
        "d00f"
        "880e" +
            nothing +  // 5, 1000, 900
            "04"
            "02"
            "01" +
            nothing +  // the same start
            "01"
            "00"
            "00" +
            nothing +  // none
            "00"
            "14"
            "02"
            "02" +
            nothing);  // one of its own, 1 later than the first
  CHECK(entries_of(records[0]) ==
        std::vector<std::string>{entry_text(5, 1000, stale, 900), entry_text(7, 1001, stale, 900),
                                 entry_text(6, 1000, stale, 0), entry_text(6, 1010, stale, 901)});
}

TEST_CASE("histograms of all kinds come back from the records that they went to") {
  for (const EntryForm form : {EntryForm::kPlain, EntryForm::kStarted}) {
    HistogramsRecord record(form);
    const bool started = form == EntryForm::kStarted;
    std::vector<std::string> wanted;
    for (const bool integer : {true, false}) {
      for (uint64_t i = 0; i < 3; ++i) {
        const TimeMs t = 1000 * static_cast<TimeMs>(i) - 500;
        const TimeMs start = started ? t - 77 : 0;
        for (const FloatHistogram& h : {exponential(integer), custom(integer)}) {
          record.add(i + 10, t, h, t - 77);
          wanted.push_back(entry_text(i + 10, t, h, start));
        }
      }
    }
    std::vector<std::string> found;
    const std::vector<std::string> records = record.take();
    CHECK(records.size() == (started ? 2 : 4));
    CHECK(record.empty());
    for (const std::string& bytes : records) {
      CHECK(holds_histograms(record_type(bytes)));
      for (std::string& entry : entries_of(bytes)) found.push_back(std::move(entry));
    }
    std::sort(found.begin(), found.end());
    std::sort(wanted.begin(), wanted.end());
    CHECK(found == wanted);
  }
}

TEST_CASE("a gatherer of histograms can be used again") {
  HistogramsRecord record;
  record.add(1, 1000, exponential(true));
  const std::vector<std::string> first = record.take();
  record.add(1, 1000, exponential(true));
  CHECK(record.take() == first);
  CHECK(record.take().empty());
}

TEST_CASE("histograms finer than schema 8 arrive with schema 8, unknown schemas are left out") {
  FloatHistogram h = exponential(true);
  h.schema = 9;
  FloatHistogram wanted = h;
  reduce_resolution(wanted, 8);
  CHECK(entries_of(one_record(h)) == std::vector<std::string>{entry_text(5, 1000, wanted, 0)});
  h.schema = 52;  // all above 1 becomes one bucket, all below another
  wanted = h;
  wanted.schema = 8;
  wanted.positive_spans = {{0, 2}};
  wanted.positive_buckets = {5, 2};
  CHECK(entries_of(one_record(h)) == std::vector<std::string>{entry_text(5, 1000, wanted, 0)});
  for (const int32_t schema : {-10, 53, -52, 1000}) {
    h.schema = schema;
    size_t left_out = 0;
    CHECK(entries_of(one_record(h), &left_out).empty());
    CHECK(left_out == 1);
  }
}

TEST_CASE("histograms whose buckets do not fit their spans are left out") {
  std::vector<FloatHistogram> bad;
  bad.push_back(exponential(true));
  bad.back().positive_buckets.pop_back();
  bad.push_back(exponential(false));
  bad.back().negative_spans.clear();
  bad.push_back(exponential(true));
  bad.back().positive_spans[1].offset = -1;
  bad.push_back(exponential(true));
  bad.back().positive_spans = {{2'147'483'647, 3}};
  bad.push_back(custom(true));
  bad.back().custom_values.clear();
  bad.push_back(custom(false));
  bad.back().negative_spans = {{0, 0}};
  bad.push_back(custom(false));
  bad.back().positive_spans[0].offset = -1;
  for (size_t i = 0; i < bad.size(); ++i) {
    CAPTURE(i);
    size_t left_out = 0;
    CHECK(entries_of(one_record(bad[i]), &left_out).empty());
    CHECK(left_out == 1);
  }
}

TEST_CASE("counts that no integer can say become the nearest one") {
  FloatHistogram h = exponential(true);
  h.count = 1e30;
  h.zero_count = -1;
  h.positive_buckets = {1e30, std::numeric_limits<double>::quiet_NaN(), 4};
  FloatHistogram wanted = h;
  wanted.count = 18446744073709551616.0;
  wanted.zero_count = 0;
  wanted.positive_buckets = {9223372036854775808.0, 0, 4};
  CHECK(entries_of(one_record(h)) == std::vector<std::string>{entry_text(5, 1000, wanted, 0)});
}

TEST_CASE("a histogram record cut off anywhere, or with a changed byte, does no harm") {
  for (const EntryForm form : {EntryForm::kPlain, EntryForm::kStarted}) {
    HistogramsRecord record(form);
    for (const bool integer : {true, false}) {
      for (uint64_t i = 0; i < 3; ++i) {
        record.add(i, 1000, exponential(integer), 5);
        record.add(i, 1000, custom(integer), 6);
      }
    }
    for (const std::string& whole : record.take()) {
      const std::vector<std::string> wanted = entries_of(whole);
      size_t readable = 0;
      for (size_t length = 1; length < whole.size(); ++length) {
        try {
          const std::vector<std::string> found =
              entries_of(std::string_view(whole).substr(0, length));
          CHECK(found == std::vector<std::string>(
                             wanted.begin(), wanted.begin() + static_cast<long>(found.size())));
          ++readable;
        } catch (const Error& error) {
          CHECK(error.kind() == ErrorKind::kCorrupt);
        }
      }
      // After the type and after each whole entry; the plain form also after its base.
      CHECK(readable == wanted.size() + (form == EntryForm::kPlain ? 1 : 0));
      for (size_t bit = 8; bit < whole.size() * 8; ++bit) {
        std::string changed = whole;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        try {
          const size_t found = entries_of(changed).size();
          CHECK(found <= whole.size());
        } catch (const Error& error) {
          CHECK(error.kind() == ErrorKind::kCorrupt);
        }
      }
    }
  }
}
