// The seam between those who make or read samples (scraper, query, rules, remote) and those who
// keep them (tsdb). A scrape crosses it as one batch, a query as one call per series: never a call
// per sample.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/budget.h"
#include "core/clock.h"
#include "core/histogram.h"
#include "core/labels.h"
#include "core/matcher.h"
#include "core/sample.h"
#include "core/series_source.h"

namespace hearth {

// Names a series of the running head. 0 is no series. A ref is never used twice, so one that has
// died is noticed, not mistaken.
using SeriesRef = uint32_t;

// ---- writing -----------------------------------------------------------------------------------

// What one scrape (or one remote write) stores. The columns have equal lengths. Samples of a series
// stand in time order.
struct Batch {
  std::vector<SeriesRef> refs;
  std::vector<TimeMs> times;
  std::vector<double> values;

  // Rare things, by series.
  struct SeriesMetadata {
    SeriesRef ref;
    Metadata metadata;
  };
  struct SeriesExemplar {
    SeriesRef ref;
    Exemplar exemplar;
  };
  struct SeriesHistogram {
    SeriesRef ref;
    TimeMs t;
    FloatHistogram histogram;  // its counter_reset_hint is told only for gauges
  };
  std::vector<SeriesHistogram> histograms;
  std::vector<SeriesMetadata> metadata;
  std::vector<SeriesExemplar> exemplars;

  // A sample or histogram that is refused: then nothing of the batch is stored.
  bool all_or_nothing = false;

  void push(SeriesRef ref, TimeMs t, double v) {
    refs.push_back(ref);
    times.push_back(t);
    values.push_back(v);
  }
  size_t size() const { return refs.size(); }
  bool empty() const {
    return refs.empty() && histograms.empty() && metadata.empty() && exemplars.empty();
  }
  void clear() {
    refs.clear();
    times.clear();
    values.clear();
    histograms.clear();
    metadata.clear();
    exemplars.clear();
  }
};

enum class Refusal : uint8_t {
  kOutOfOrder,   // older than the series' newest sample
  kDuplicate,    // same time, another value; the same value again is stored silently
  kOutOfBounds,  // older than the head accepts at all
  kTooOld,       // older than the out-of-order window
};
std::string_view refusal_text(Refusal refusal);  // in Prometheus' words: "out of order sample"

// What became of the samples of a batch; those not counted as refused were stored.
struct AppendResult {
  size_t stored = 0;             // floats
  size_t stored_histograms = 0;
  size_t stored_exemplars = 0;
  size_t out_of_order = 0, duplicate = 0, out_of_bounds = 0, too_old = 0;  // floats and histograms
  struct Refused {
    uint32_t position;  // in the batch's floats or histograms
    bool histogram;
    Refusal why;
    bool late = false;  // not by what was stored before, but by an earlier sample of the batch
    // kDuplicate of a float: what stands there.
    double existing = 0;
    bool existing_is_histogram = false;
  };
  std::vector<Refused> refused;
  std::vector<uint32_t> exemplars_out_of_order;  // positions in the batch's exemplars
  std::vector<uint32_t> unknown;  // positions of floats whose ref has died; if any, or ...
  std::vector<uint32_t> unknown_histograms;  // ... any of these: nothing was stored
};

// Thread-safe.
class Appender {
 public:
  virtual ~Appender() = default;

  // The ref of the series with these labels; makes it where there is none. 0: memory is short, and
  // no new series of this source is admitted; nullptr stands for one that is never refused. Throws
  // Error(kBadData) for an empty set.
  virtual SeriesRef intern(LabelsView labels, SeriesSource* source) = 0;
  SeriesRef intern(LabelsView labels) { return intern(labels, nullptr); }

  // Stores the batch whole: first in the log, then in memory, then visible to readers all at once.
  // Bad samples are counted and left out. Throws Error(kIo) when the log cannot be written; then
  // nothing was stored.
  virtual AppendResult append(const Batch& batch) = 0;

  // Puts 0 for those whose series are gone. For who keeps many refs, now and then.
  virtual void drop_dead(std::span<SeriesRef> refs) { (void)refs; }
};

// ---- reading -----------------------------------------------------------------------------------

// The samples of one series in a time range, oldest first: floats in t and v, native histograms in
// histogram_t and histograms. Almost always one of the two pairs is empty.
struct Columns {
  std::vector<TimeMs> t;
  std::vector<double> v;
  std::vector<TimeMs> histogram_t;
  std::vector<FloatHistogram> histograms;

  // When the counter began to count, 0: unknown. Empty where no sample has one, else as long as t
  // and histogram_t.
  std::vector<TimeMs> start_t, histogram_start_t;

  void clear() {
    t.clear();
    v.clear();
    histogram_t.clear();
    histograms.clear();
    start_t.clear();
    histogram_start_t.clear();
  }
};

// The exemplars of one series, oldest first.
struct ExemplarSeries {
  Labels labels;
  std::vector<Exemplar> exemplars;
};

// The series that a selector found. Labels are there at once, samples on demand. Valid as long as
// the Querier that made it. read() may be called from many threads.
class SeriesSet {
 public:
  virtual ~SeriesSet() = default;
  virtual size_t size() const = 0;
  virtual LabelsView labels(size_t series) const = 0;  // valid as long as the set

  // Replaces `out` by the samples with range.min <= t <= range.max. Stale markers are kept: the
  // reader gives them their meaning.
  virtual void read(size_t series, TimeRange range, Columns& out) const = 0;

  // The same of the series first, first + 1, ...: one for each of `out`.
  virtual void read_many(size_t first, TimeRange range, std::span<Columns> out) const {
    for (size_t i = 0; i < out.size(); ++i) read(first + i, range, out[i]);
  }

  // The newest float sample at or before `at`, and not before `from`, without decoding a chunk.
  // Returns false when the answer needs read(): nothing is said then.
  virtual bool latest(size_t series, TimeMs from, TimeMs at, Sample& out) const {
    (void)series, (void)from, (void)at, (void)out;
    return false;
  }
};

struct SelectHints {
  TimeRange range;      // samples outside are not asked for
  bool sorted = true;   // by labels; false where the order does not matter
  size_t limit = 0;     // at most so many series; 0 = all
  bool labels_only = false;  // no sample will be read (/series)
};

// One consistent view of the storage, over one time range. One thread, but for what it returns.
class Querier {
 public:
  virtual ~Querier() = default;

  // The series that match all matchers and may have samples in hints.range. Charges `budget` with
  // what it holds in memory. Throws Error(kExecution) for storage failures.
  virtual std::unique_ptr<SeriesSet> select(std::span<const Matcher> matchers,
                                            const SelectHints& hints, Budget& budget) = 0;

  // Sorted, unique; `limit` 0 = all. With matchers: only of series that match them.
  virtual std::vector<std::string> label_names(std::span<const Matcher> matchers, size_t limit) = 0;
  virtual std::vector<std::string> label_values(const std::string& name,
                                                std::span<const Matcher> matchers,
                                                size_t limit) = 0;

  // What could not be read, as sentences for the answer's warnings; ask after the last read.
  // Thread-safe.
  virtual std::vector<std::string> warnings() const { return {}; }
};

// Thread-safe.
class Queryable {
 public:
  virtual ~Queryable() = default;
  virtual std::unique_ptr<Querier> querier(TimeRange range) = 0;

  // Of the series that match all matchers of one of the selectors, in the order of their labels.
  virtual std::vector<ExemplarSeries> exemplars(std::span<const std::vector<Matcher>> selectors,
                                                TimeRange range) {
    (void)selectors, (void)range;
    return {};
  }
};

}  // namespace hearth
