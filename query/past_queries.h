// What was asked since the start: the queries that cost the most, and which metrics anybody asked
// for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/matcher.h"
#include "core/mutex.h"

namespace hearth::promql {

// One text, over all its executions.
struct PastQuery {
  std::string text;  // cut where it is very long
  uint64_t count = 0, failed = 0;
  double total_seconds = 0, max_seconds = 0;
  int64_t samples = 0;
  size_t max_bytes = 0;
  TimeMs last = 0;  // when it ended
};

// How often a metric was selected by its name, or by a pattern that its name matches.
struct MetricUse {
  uint64_t count = 0;
  TimeMs last = 0;
};

// A bounded memory: of texts the dearest stay, of names and patterns the first. Thread-safe.
class PastQueries {
 public:
  void add(const PastQuery& once);
  // The matchers of one selector. Selectors that do not look at the name say nothing of a metric.
  void add_selector(const std::vector<Matcher>& matchers, TimeMs now);

  std::vector<PastQuery> dearest(size_t limit) const;  // by total_seconds
  MetricUse use_of(const std::string& metric) const;
  bool knows_all() const;  // false: there were more names or patterns than are kept

 private:
  void forget_cheap() REQUIRES(mutex_);

  struct Pattern {
    Matcher matcher;
    MetricUse use;
  };

  mutable Mutex mutex_;
  std::map<std::string, PastQuery> queries_ GUARDED_BY(mutex_);  // by text
  std::map<std::string, MetricUse> names_ GUARDED_BY(mutex_);
  std::map<std::string, Pattern> patterns_ GUARDED_BY(mutex_);  // by their text
  bool knows_all_ GUARDED_BY(mutex_) = true;
};

}  // namespace hearth::promql
