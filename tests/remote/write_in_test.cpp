#include "remote/write_in.h"

#include <doctest/doctest.h>

#include "core/log.h"
#include "tests/remote/fake_store.h"
#include "tests/remote/wire.h"

using namespace hearth;
using namespace hearth::remote;

namespace {

constexpr TimeMs kNow = 1'700'000'000'000;
const std::string kTypeV2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

struct Fixture {
  explicit Fixture(WriteOptions options = {}) : receiver(options, store, clock, registry) {
    set_log_sink([](std::string_view) {});
  }
  ~Fixture() { set_log_sink(nullptr); }
  WriteAnswer v1(const std::vector<wire::Series>& series) {
    return receiver.write("", "", wire::packed(wire::v1(series)));
  }
  WriteAnswer v2(const std::vector<wire::Series>& series) {
    return receiver.write(kTypeV2, "snappy", wire::packed(wire::v2(series)));
  }
  std::vector<Sample> samples(const std::string& text) const { return store.of(text).samples; }

  FakeStore store;
  FakeClock clock{kNow};
  Registry registry;
  WriteReceiver receiver;
};

wire::Series series(const std::string& name, std::vector<wire::Sample> samples) {
  return {{{"__name__", name}, {"job", "j"}}, std::move(samples), {}, {}, 0, ""};
}
std::string text(const std::string& name) { return "{__name__=\"" + name + "\", job=\"j\"}"; }

}  // namespace

TEST_CASE("both messages store samples, and a known series is not interned again") {
  for (const bool is_v2 : {false, true}) {
    CAPTURE(is_v2);
    Fixture f;
    const auto send = [&](TimeMs t) {
      const std::vector<wire::Series> all = {series("a", {{1, t}, {2, t + 1}}), series("b", {{0, t}})};
      return is_v2 ? f.v2(all) : f.v1(all);
    };
    const WriteAnswer first = send(kNow);
    CHECK(first.status == 204);
    CHECK(first.has_counts == is_v2);
    CHECK(first.samples == (is_v2 ? 3 : 3));
    CHECK(f.store.interned == 2);
    CHECK(send(kNow + 10).status == 204);
    CHECK(f.store.interned == 2);
    const std::vector<Sample> a = f.samples(text("a"));
    REQUIRE(a.size() == 4);
    CHECK(a[1].t == kNow + 1);
    CHECK(a[1].v == 2);
    CHECK(f.samples(text("b")).size() == 2);
  }
}

TEST_CASE("a series is recognised by its strings, wherever they stand among the symbols") {
  Fixture f;
  CHECK(f.v2({series("a", {{1, kNow}}), series("b", {{1, kNow}})}).status == 204);
  CHECK(f.v2({series("b", {{2, kNow + 1}}), series("a", {{3, kNow + 1}})}).status == 204);
  CHECK(f.store.interned == 2);
  CHECK(f.samples(text("a")).back().v == 3);
  CHECK(f.samples(text("b")).back().v == 2);
}

TEST_CASE("labels in any order, and empty ones, name the same series") {
  Fixture f;
  CHECK(f.v1({{{{"job", "j"}, {"gone", ""}, {"__name__", "a"}}, {{1, kNow}}, {}, {}, 0, ""}}).status == 204);
  CHECK(f.v1({series("a", {{2, kNow + 1}})}).status == 204);
  CHECK(f.samples(text("a")).size() == 2);
}

TEST_CASE("series that died between two requests are found again") {
  for (const bool is_v2 : {false, true}) {
    CAPTURE(is_v2);
    Fixture f;
    const auto send = [&](TimeMs t) {
      std::vector<wire::Series> all = {series("a", {{1, t}}), series("h", {})};
      all[1].histograms = {wire::histogram(t, 3, 3)};
      return is_v2 ? f.v2(all) : f.v1(all);
    };
    CHECK(send(kNow).status == 204);
    f.store.kill_all();
    CHECK(send(kNow + 1).status == 204);
    CHECK(f.samples(text("a")).size() == 1);
    CHECK(f.store.of(text("h")).histograms.size() == 1);
    f.store.kill_all();
    f.store.full = true;
    const WriteAnswer full = send(kNow + 2);
    CHECK(full.status == 429);
    CHECK(f.store.size() == 0);
  }
}

TEST_CASE("1.0: one bad sample refuses the whole request, in the storage's words") {
  Fixture f;
  CHECK(f.v1({series("a", {{1, kNow}})}).status == 204);
  const WriteAnswer old = f.v1({series("b", {{1, kNow}}), series("a", {{1, kNow - 5}})});
  CHECK(old.status == 400);
  CHECK(old.text == "out of order sample");
  CHECK(!old.has_counts);
  CHECK(f.samples(text("b")).empty());
  CHECK(f.v1({series("a", {{9, kNow}})}).text ==
        "duplicate sample for timestamp 1700000000000; overrides not allowed: existing 1, new value 9");
  const WriteAnswer ahead = f.v1({series("b", {{1, kNow}}), series("c", {{1, kNow + 600'001}})});
  CHECK(ahead.status == 400);
  CHECK(ahead.text == "out of bounds: timestamp is too far in the future");
  CHECK(f.samples(text("b")).empty());
  CHECK(f.v1({series("c", {{1, kNow + 600'000}})}).status == 204);
}

TEST_CASE("2.0: what is good is written, what is bad is told series by series") {
  Fixture f;
  CHECK(f.v2({series("a", {{1, kNow}})}).status == 204);
  wire::Series histograms = series("h", {});
  histograms.histograms = {wire::histogram(kNow, 4, 4), wire::histogram(kNow + 1, 5, 4)};
  const WriteAnswer answer = f.v2({{{{"job", "j"}}, {{1, kNow}}, {}, {}, 0, ""},
                                   series("a", {{1, kNow - 5}, {2, kNow + 5}}),
                                   series("far", {{1, kNow + 600'001}, {1, kNow}}),
                                   series("empty", {}),
                                   histograms,
                                   {{{"__name__", "d"}, {"x", "1"}, {"x", "2"}}, {{1, kNow}}, {}, {}, 0, ""}});
  CHECK(answer.status == 400);
  CHECK(answer.samples == 2);
  CHECK(answer.histograms == 1);
  CHECK(answer.text ==
        "invalid metric name or labels, got {job=\"j\"}\n"
        "out of order sample for series {__name__=\"a\", job=\"j\"}\n"
        "out of bounds: timestamp is too far in the future for series {__name__=\"far\", job=\"j\"}\n"
        "TimeSeries must contain at least one sample or histogram for series {__name__=\"empty\", job=\"j\"}\n"
        "4 observations found in buckets, but the Count field is 5: histogram's observation count should equal "
        "the number of observations found in the buckets (in absence of NaN) for series {__name__=\"h\", job=\"j\"}\n"
        "invalid labels for series, labels {__name__=\"d\", x=\"1\", x=\"2\"}, duplicated label x");
  CHECK(f.samples(text("a")).size() == 2);
  CHECK(f.samples(text("far")).size() == 1);
  CHECK(f.store.of(text("h")).histograms.size() == 1);
  CHECK(f.registry.text().find("invalid_labels_samples_total 2") != std::string::npos);
}

TEST_CASE("1.0: series with bad labels are left out and counted, the others are written") {
  Fixture f;
  const WriteAnswer answer = f.v1({{{{"job", "j"}}, {{1, kNow}}, {}, {}, 0, ""},
                                   {{{"__name__", "bad\xff"}}, {{1, kNow}}, {}, {}, 0, ""},
                                   {{{"__name__", ""}}, {{1, kNow}}, {}, {}, 0, ""},
                                   {{}, {{1, kNow}}, {}, {}, 0, ""},
                                   {{{"__name__", "d"}, {"x", "1"}, {"x", "1"}}, {{1, kNow}}, {}, {}, 0, ""},
                                   series("a", {{1, kNow}})});
  CHECK(answer.status == 204);
  CHECK(f.store.size() == 1);
  CHECK(f.samples(text("a")).size() == 1);
  CHECK(f.registry.text().find("invalid_labels_samples_total 5") != std::string::npos);
}

TEST_CASE("disorder within one request loses only what is late, without a word") {
  Fixture f;
  CHECK(f.v1({series("a", {{1, kNow}, {2, kNow - 1}, {3, kNow + 1}})}).status == 204);
  CHECK(f.samples(text("a")).size() == 2);
  const WriteAnswer v2 = f.v2({series("b", {{1, kNow}, {2, kNow - 1}})});
  CHECK(v2.status == 204);
  CHECK(v2.samples == 2);
}

TEST_CASE("a series without samples is not made") {
  Fixture f;
  wire::Series only_exemplar = series("e", {});
  only_exemplar.exemplars = {{1, kNow}};
  CHECK(f.v1({series("a", {}), only_exemplar}).status == 204);
  CHECK(f.store.size() == 0);
}

TEST_CASE("histograms and exemplars come with their series") {
  for (const bool is_v2 : {false, true}) {
    CAPTURE(is_v2);
    Fixture f;
    wire::Series h = series("h", {{1, kNow}});
    h.histograms = {wire::histogram(kNow + 1, 7, 7)};
    h.exemplars = {{0.5, kNow}};
    const WriteAnswer answer = is_v2 ? f.v2({h}) : f.v1({h});
    CHECK(answer.status == 204);
    CHECK(answer.histograms == 1);
    CHECK(answer.exemplars == 1);
    const FakeStore::Series stored = f.store.of(text("h"));
    REQUIRE(stored.histograms.size() == 1);
    const FloatHistogram& histogram = stored.histograms[0].histogram;
    CHECK(histogram.integer);
    CHECK(histogram.count == 7);
    CHECK(histogram.positive_spans == std::vector<HistogramSpan>{{2, 1}});
    CHECK(histogram.positive_buckets == std::vector<double>{7});
    REQUIRE(stored.exemplars.size() == 1);
    CHECK(labels_text(stored.exemplars[0].labels) == "{trace_id=\"t\"}");
    CHECK(stored.exemplars[0].t == kNow);
  }
}

TEST_CASE("a counter's beginning becomes a sample of 0 where that is wanted") {
  WriteOptions options;
  options.store.zero_ingestion = true;
  Fixture f(options);
  wire::Series a = series("a", {{5, kNow}});
  a.created = kNow - 1000;
  const WriteAnswer answer = f.v2({a, series("b", {{7, kNow, kNow - 3}})});
  CHECK(answer.status == 204);
  CHECK(answer.samples == 2);
  REQUIRE(f.samples(text("a")).size() == 2);
  CHECK(f.samples(text("a"))[0].t == kNow - 1000);
  CHECK(f.samples(text("a"))[0].v == 0);
  CHECK(f.samples(text("b"))[0].t == kNow - 3);
  a.samples = {{6, kNow + 1}};
  const WriteAnswer again = f.v2({a});  // the zero is refused now, which nobody need know
  CHECK(again.status == 204);
  CHECK(again.samples == 1);
}

TEST_CASE("metadata is kept where that is wanted") {
  WriteOptions options;
  options.store.keep_metadata = true;
  Fixture f(options);
  wire::Series a = series("a", {{5, kNow}});
  a.help = "What it is.";
  CHECK(f.v2({a}).status == 204);
  REQUIRE(f.store.of(text("a")).metadata.size() == 1);
  CHECK(f.store.of(text("a")).metadata[0] == Metadata{MetricType::kCounter, "", "What it is."});
}

TEST_CASE("refs that name no symbols are told") {
  Fixture f;
  const std::string bytes = wire::message([](wire::pbf_writer& r) {
    r.add_string(4, "");
    r.add_string(4, "__name__");
    r.add_string(4, "a");
    for (const std::vector<uint32_t>& refs : {std::vector<uint32_t>{1, 2, 1}, {1, 99}, {1, 2}}) {
      r.add_message(5, wire::message([&](wire::pbf_writer& s) {
                      s.add_packed_uint32(1, refs.begin(), refs.end());
                      s.add_message(2, wire::sample({1, kNow}));
                    }));
    }
  });
  const WriteAnswer answer = f.receiver.write(kTypeV2, "", wire::packed(bytes));
  CHECK(answer.status == 400);
  CHECK(answer.samples == 1);
  CHECK(answer.text ==
        "parsing labels for series [1 2 1]: invalid labelRefs length 3\n"
        "parsing labels for series [1 99]: labelRefs 1 (name) = 99 (value) outside of symbols table (size 3)");
}

TEST_CASE("what cannot be read is refused with the status that says why") {
  WriteOptions options;
  options.max_body_bytes = 1000;
  Fixture f(options);
  const std::string good = wire::packed(wire::v1({series("a", {{1, kNow}})}));
  const auto status = [&](const char* type, const char* encoding, const std::string& body) {
    return f.receiver.write(type, encoding, body).status;
  };
  CHECK(status("application/x-protobuf", "Snappy", good) == 204);
  CHECK(status("application/x-protobuf;proto=prometheus.WriteRequest", "",
               wire::packed(wire::v1({series("a", {{1, kNow + 1}})}))) == 204);
  CHECK(status("application/json", "", good) == 415);
  CHECK(status("application/x-protobuf;proto=other", "", good) == 415);
  CHECK(status("application/x-protobuf;proto", "", good) == 415);
  CHECK(status("application/x-protobuf", "gzip", good) == 415);
  CHECK(status("", "", "not snappy") == 400);
  CHECK(status("", "", "") == 400);
  CHECK(status("", "", wire::packed("\x0a\xff\xff")) == 400);
  CHECK(status("", "", wire::packed(std::string(1001, '\0'))) == 413);
  CHECK(status("", "", wire::packed(wire::message([](wire::pbf_writer& w) { w.add_uint32(1, 7); }))) == 400);
  const std::string bad_label = wire::message([](wire::pbf_writer& r) {
    r.add_message(1, wire::message([](wire::pbf_writer& s) {
                    s.add_message(1, std::string("\x0a\x7f"));
                    s.add_message(2, wire::sample({1, kNow}));
                  }));
  });
  CHECK(status("", "", wire::packed(bad_label)) == 400);
  CHECK(f.receiver.write("text/plain", "", good).text ==
        "expected application/x-protobuf as the first (media) part, got text/plain content-type");
}

TEST_CASE("a message that is not accepted is refused") {
  WriteOptions options;
  options.accepts_v1 = false;
  Fixture f(options);
  CHECK(f.v1({series("a", {{1, kNow}})}).status == 415);
  CHECK(f.v2({series("a", {{1, kNow}})}).status == 204);
}

TEST_CASE("new series that memory has no room for are refused, known ones go on") {
  Fixture f;
  CHECK(f.v1({series("a", {{1, kNow}})}).status == 204);
  f.store.full = true;
  const WriteAnswer answer = f.v1({series("new", {{1, kNow}}), series("a", {{1, kNow + 1}})});
  CHECK(answer.status == 429);
  CHECK(answer.text.find("1 new series") != std::string::npos);
  CHECK(f.samples(text("a")).size() == 2);
}

TEST_CASE("a storage that fails is an answer that makes senders try again") {
  Fixture f;
  f.store.broken = true;
  CHECK(f.v1({series("a", {{1, kNow}})}).status == 500);
  CHECK(f.v2({series("a", {{1, kNow}})}).status == 500);
}

TEST_CASE("labels in several runs, and samples before them, are understood") {
  Fixture f;
  const std::string bytes = wire::message([](wire::pbf_writer& r) {
    r.add_message(1, wire::message([](wire::pbf_writer& s) {
                    s.add_message(1, wire::label_v1("job", "j"));
                    s.add_message(2, wire::sample({1, kNow}));
                    s.add_message(1, wire::label_v1("__name__", "a"));
                  }));
  });
  CHECK(f.receiver.write("", "", wire::packed(bytes)).status == 204);
  CHECK(f.samples(text("a")).size() == 1);
}

TEST_CASE("a long symbol that is named many times over is refused before it is looked at") {
  Fixture f;
  const std::string bytes = wire::message([](wire::pbf_writer& r) {
    r.add_string(4, "");
    r.add_string(4, std::string(1 << 20, 'x'));
    r.add_message(5, wire::message([&](wire::pbf_writer& s) {
                    const std::vector<uint32_t> refs(600, 1);
                    s.add_packed_uint32(1, refs.begin(), refs.end());
                    s.add_message(2, wire::sample({1, kNow}));
                  }));
  });
  const WriteAnswer answer = f.receiver.write(kTypeV2, "", wire::packed(bytes));
  CHECK(answer.status == 400);
  CHECK(answer.text.find("labels of more than 256 MiB") != std::string::npos);
}

TEST_CASE("an answer does not grow with the faults of a request") {
  Fixture f;
  std::vector<wire::Series> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back(series("a", {{1, kNow + 600'001}}));
    all.back().labels.push_back({"long", std::string(100'000, 'x')});
  }
  const WriteAnswer answer = f.v2(all);
  CHECK(answer.status == 400);
  CHECK(answer.text.size() < 2 << 20);
  CHECK(answer.text.ends_with("... and 89 more"));
}
