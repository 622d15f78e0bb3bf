// What a query tells besides its result: warnings and infos, in Prometheus' words.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "query/ast.h"

namespace hearth::promql {

// Where a thing ends whose position Prometheus does not know: it shows as the first, and is
// evaluated as where it is.
constexpr PosRange without_position(PosRange pos) { return {~uint32_t{0}, pos.end}; }

// Equal texts are kept once, with the position of the one evaluated last: positions begin where
// Prometheus finds the thing, and end with the call, operation or aggregation that tells of it.
// Thread-safe.
class Annotations {
 public:
  // `text` without "PromQL warning: " / "PromQL info: " and without the position.
  void warn(const std::string& text, PosRange pos);
  void info(const std::string& text, PosRange pos);

  // What one pair of a binary operation's operands tells at one step: of several pairs of that step
  // only the last by `order` counts, as in Prometheus. Returns how many bytes are kept more.
  struct Note {
    bool warning = false;
    std::string text;  // "" for nothing
  };
  size_t pair(TimeMs step, uint32_t order, const Note& note, PosRange pos);

  // Buckets of a classic histogram that had to be made monotonic; several become one text.
  struct Fix {
    double min_bucket, max_bucket, max_diff;
  };
  // Those of one series.
  struct Fixes {
    Fix all{};
    TimeMs first = 0, last = 0;
    int64_t count = 0;
    void add(TimeMs t, const Fix& fix);
    void add(const Fixes& others);
  };
  void forced_monotonicity(std::string_view metric, PosRange pos, Fixes fixes);

  // Appends the finished texts, sorted.
  void texts(std::string_view query, std::vector<std::string>& warnings,
             std::vector<std::string>& infos) const;

 private:
  struct PairNote {
    uint32_t order;
    Note note;
  };
  size_t add_pair(PosRange pos, TimeMs step, const PairNote& pair) REQUIRES(mutex_);

  struct Monotonicity {
    PosRange pos;
    Fixes fixes;
  };
  mutable Mutex mutex_;
  std::map<std::string, PosRange> warnings_ GUARDED_BY(mutex_);
  std::map<std::string, PosRange> infos_ GUARDED_BY(mutex_);
  std::map<std::tuple<uint32_t, uint32_t, TimeMs>, PairNote> pairs_ GUARDED_BY(mutex_);  // pos, step
  std::map<std::string, Monotonicity> fixes_ GUARDED_BY(mutex_);
};

// " for metric name "x"", or nothing where the name is empty.
std::string for_metric(std::string_view metric);

// The texts that more than one operator has.
std::string mixed_floats_histograms_text(std::string_view metric);
std::string histogram_ignored_in_aggregation_text(std::string_view aggregation);
std::string invalid_quantile_text(double quantile);

}  // namespace hearth::promql
