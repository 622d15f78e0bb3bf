// What the benchmarks of the head share: series as a node exporter's, and the measures of cost.
#pragma once

#include <malloc.h>
#include <time.h>

#include <cstddef>
#include <fstream>
#include <string>

#include "core/labels.h"

namespace hearth::benchmarks {

inline constexpr size_t kTargetSeries = 2000;

// Ten labels, as in a cluster: 50 series of each of 40 metrics, 2,000 series a target.
inline Labels node_labels(size_t i) {
  const size_t series = i % kTargetSeries;
  const std::string target = std::to_string(i / kTargetSeries);
  return Labels{{"__name__", "node_some_subsystem_metric_" + std::to_string(series / 50) + "_total"},
                {"cluster", "production-eu-1"},
                {"container", "node-exporter"},
                {"device", "device" + std::to_string(series % 50)},
                {"endpoint", "metrics"},
                {"instance", "10.0." + target + ".17:9100"},
                {"job", "node-exporter"},
                {"namespace", "monitoring"},
                {"node", "worker-" + target},
                {"pod", "node-exporter-" + target + "-x7k2p"}};
}

// Of series `i` in a round of scrapes: a third of the values stand still.
inline double node_value(size_t i, size_t round) {
  return i % 3 == 0 ? static_cast<double>(i) : static_cast<double>(i * 1000 + round * (i % 97 + 1));
}

// Of the process, without what the allocator only keeps.
inline size_t resident_bytes() {
  malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}

// What the process computes, so that a busy machine disturbs less.
class CpuTimer {
 public:
  CpuTimer() : start_(now()) {}
  double nanoseconds() const { return now() - start_; }

 private:
  static double now() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
  }
  const double start_;
};

}  // namespace hearth::benchmarks
