// Walks through a log where it lies for some of its series: a query reads the few that it is about,
// and nothing is copied or kept of the others.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/budget.h"
#include "core/labels.h"
#include "core/matcher.h"
#include "core/threads.h"
#include "tsdb/log_files.h"
#include "tsdb/packed_samples.h"
#include "tsdb/read_warnings.h"
#include "tsdb/tombstones.h"

namespace hearth::tsdb {

struct LogSeries {
  std::string labels;        // flat
  PackedSamples samples;     // of wal/
  TimeMs newest = kMinTime;  // of wal/: what is not newer was refused, or stands in wbl/
  Intervals deleted;         // of `samples`
  PackedSamples late;        // of wbl/
};

// Charges `budget` with what it finds, and may be asked for that as long as it lives. A log that
// ends in the middle of a record is fine, a server may be writing it; behind damage nothing is
// read, which `warnings` is told. One thread, which the pool helps.
class LogScan {
 public:
  LogScan(const LogFiles& files, Pool& pool, ReadWarnings& warnings, Budget& budget)
      : files_(files), pool_(pool), warnings_(warnings), charge_(budget), budget_(budget) {}

  // First: those that match all matchers of one selector or another.
  void find_series(std::span<const std::span<const Matcher>> selectors);
  // Then: samples of wal/ within `in_order`, of wbl/ within `late`. Throws what the budget throws.
  void read_samples(TimeRange in_order, TimeRange late);

  // What the so manyth selector found.
  std::vector<const LogSeries*> found(size_t selector) const;

 private:
  static constexpr uint32_t kOther = ~uint32_t{0};  // a series that does not match
  // Where a record stands in the log: the number of its file and the offset in it.
  struct Position {
    size_t file;
    uint64_t offset;
    auto operator<=>(const Position&) const = default;
  };
  struct Meaning {
    uint32_t series;
    Position from;
  };
  struct Stretch;

  void tell_read(const LogFile& file, uint64_t offset) const;
  template <class WalkFile>
  void walk_in_order(WalkFile walk_file);
  bool end_file(const LogFile& file, uint64_t end, bool last, std::string_view damage);
  using Selectors = std::span<const std::span<const Matcher>>;
  bool find_series_in(const LogFile& file, size_t number, Selectors selectors);
  uint32_t matching(LabelsView labels, Selectors selectors);
  void define(uint64_t ref, uint32_t series, Position at);

  bool read_samples_of(const LogFile& file, size_t number, bool last, TimeRange range,
                       PackedSamples LogSeries::*samples);
  void read_stretch(Stretch& stretch, TimeRange range) const;
  void apply(const Stretch& stretch, TimeRange range, PackedSamples LogSeries::*samples);
  size_t apply_record(std::string_view record, Position at, TimeRange range,
                      PackedSamples LogSeries::*samples);
  template <class Value>
  static size_t add(LogSeries& series, TimeMs t, const Value& value, TimeRange range,
                    PackedSamples LogSeries::*samples);
  LogSeries* find(uint64_t ref, Position at);
  bool may_match(uint64_t ref) const {
    const uint64_t bit = ref % (64 * kFilterWords);
    return (filter_[bit / 64] >> bit % 64 & 1) != 0;
  }
  void charge(size_t more) { charge_.grow_to(charge_.bytes() + more); }

  static constexpr size_t kFilterWords = 1 << 14;
  const LogFiles& files_;
  Pool& pool_;
  ReadWarnings& warnings_;
  Charge charge_;
  Budget& budget_;
  std::deque<LogSeries> series_;
  std::vector<std::vector<uint32_t>> found_;  // by selector
  std::unordered_map<std::string_view, uint32_t> by_labels_;
  std::unordered_map<uint64_t, uint32_t> refs_;
  // Refs that mean one series in one part of the log and another one later, in the log's order.
  std::unordered_map<uint64_t, std::vector<Meaning>> redefined_;
  std::vector<bool> others_;  // refs of series that do not match
  std::vector<uint64_t> filter_ =
      std::vector<uint64_t>(kFilterWords);  // refs that may match, by their last bits
};

}  // namespace hearth::tsdb
