// Exemplars of the head: one ring for all series, in which a new one takes the place of the oldest.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/matcher.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "core/storage.h"

namespace hearth::tsdb {

// Series are known by their labels, so that their exemplars outlive a series without samples.
// Memory grows up to the ring's size and no further (docs/memory.md). Thread-safe.
class ExemplarRing {
 public:
  explicit ExemplarRing(Registry& registry);

  // 0: nothing is kept. The newest stay. An exemplar not older than its series' newest less
  // `out_of_order_window` may still come.
  void configure(uint32_t max, DurationMs out_of_order_window);
  bool on() const { return max_.load(std::memory_order_relaxed) > 0; }

  enum class Outcome : uint8_t {
    kStored,
    kIgnored,  // there is no ring; or the series' newest exemplar once more
    kOutOfOrder,
    kTooLong
  };
  // What add() would say now.
  Outcome check(LabelsView series, const Exemplar& exemplar) const;
  Outcome add(LabelsView series, const Exemplar& exemplar);

  // Of the series that match all matchers of one of the selectors; in the order of their labels.
  std::vector<ExemplarSeries> find(std::span<const std::vector<Matcher>> selectors,
                                   TimeRange range) const;

 private:
  static constexpr uint32_t kNone = 0xffffffff;
  struct Ends {  // of a series' list, in time order
    uint32_t oldest = kNone, newest = kNone;
  };
  using SeriesLists = std::unordered_map<std::string, Ends>;  // by flat labels
  struct Slot {
    Exemplar exemplar;
    SeriesLists::value_type* series = nullptr;  // it stays in place while it has exemplars
    uint32_t before = kNone, after = kNone;     // in the series' list
  };

  Outcome judge(const Ends* ends, const Exemplar& exemplar) const REQUIRES(mutex_);
  uint32_t predecessor(const Ends& ends, TimeMs t) const REQUIRES(mutex_);
  void put(LabelsView series, const Exemplar& exemplar) REQUIRES(mutex_);
  void unlink(uint32_t slot) REQUIRES(mutex_);
  void show() REQUIRES(mutex_);

  const Counter appended_, out_of_order_;
  const Gauge in_storage_, series_in_storage_, oldest_time_, max_gauge_;

  mutable Mutex mutex_;
  std::atomic<uint32_t> max_{0};  // changed under mutex_
  DurationMs out_of_order_window_ GUARDED_BY(mutex_) = 0;
  std::vector<Slot> slots_ GUARDED_BY(mutex_);  // grows up to max_
  uint32_t next_ GUARDED_BY(mutex_) = 0;        // the slot to be taken next
  SeriesLists lists_ GUARDED_BY(mutex_);
};

// Of one exemplar's labels: in code points, names and values together.
inline constexpr size_t kMaxExemplarLabelLength = 128;

}  // namespace hearth::tsdb
