#include "tsdb/series_admission.h"

#include "core/log.h"

namespace hearth::tsdb {
namespace {

constexpr double kFirstRefusals = 0.9;  // of the limit
// "Lately": counts are halved at the end of each period.
constexpr int64_t kPeriodNanos = int64_t{600} * 1'000'000'000;
constexpr int64_t kLogEveryNanos = int64_t{60} * 1'000'000'000;
constexpr uint32_t kLookEvery = 256;  // questions, each of about half a kilobyte

uint64_t halved(uint64_t count, int64_t times) { return times >= 64 ? 0 : count >> times; }

}  // namespace

bool refuses_series(double fill, uint64_t brought, uint64_t most_brought) {
  if (fill < kFirstRefusals) return false;
  const double spared = (1 - fill) / (1 - kFirstRefusals);
  return static_cast<double>(brought) >= spared * static_cast<double>(most_brought);
}

SeriesAdmission::SeriesAdmission(uint64_t max_memory, const Clock& clock, Registry& registry,
                                 std::function<uint64_t()> used)
    : max_memory_(max_memory),
      clock_(clock),
      registry_(registry),
      used_(std::move(used)),
      used_gauge_(registry.gauge("hearth_memory_used_bytes",
                                 "Memory that no file backs, as the budget for new series counts it.")),
      refused_(registry.counter("hearth_tsdb_head_series_refused_total",
                                "Samples whose new series was refused for want of memory.")) {
  registry.gauge("hearth_memory_limit_bytes", "Memory beyond which no new series are admitted; 0: no limit.")
      .set(static_cast<double>(max_memory));
}

double SeriesAdmission::fill() {
  if (asked_.fetch_add(1, std::memory_order_relaxed) % kLookEvery == 0) {
    const uint64_t used = used_();
    used_bytes_.store(used, std::memory_order_relaxed);
    used_gauge_.set(static_cast<double>(used));
  }
  return static_cast<double>(used_bytes_.load(std::memory_order_relaxed)) / static_cast<double>(max_memory_);
}

uint64_t SeriesAdmission::count(SeriesSource& source) {
  const int64_t period = clock_.monotonic_nanos() / kPeriodNanos;
  if (const int64_t before = period_.exchange(period); before != period)
    most_brought_.store(halved(most_brought_.load(), period - before));
  if (const int64_t before = source.lately.exchange(period); before != period)
    source.brought.store(halved(source.brought.load(), period - before));
  const uint64_t brought = source.brought.fetch_add(1) + 1;
  uint64_t most = most_brought_.load();
  while (brought > most && !most_brought_.compare_exchange_weak(most, brought)) {
  }
  return brought;
}

bool SeriesAdmission::admit(SeriesSource* source) {
  if (source == nullptr || max_memory_ == 0) return true;
  const uint64_t brought = count(*source);
  if (!refuses_series(fill(), brought, most_brought_.load())) return true;
  refuse(*source, brought);
  return false;
}

void SeriesAdmission::refuse(SeriesSource& source, uint64_t brought) {
  source.refused.fetch_add(1);
  refused_.add();
  std::call_once(source.shown, [&] {
    source.refused_total = registry_.counter("hearth_tsdb_source_series_refused_total",
                                             "Samples whose new series was refused for want of memory, by who brought them.",
                                             {{"source", source.name()}});
  });
  source.refused_total.add();
  const int64_t now = clock_.monotonic_nanos();
  {
    MutexLock lock(mutex_);
    if (logged_at_nanos_ != 0 && now - logged_at_nanos_ < kLogEveryNanos) return;
    logged_at_nanos_ = now;
  }
  log_warn("Memory is short: new series are refused, known ones go on. Raise --storage.max-memory or reduce the "
           "series of this source",
           "source", source.name(), "new_series_lately", brought, "used_bytes", used_bytes_.load(), "limit_bytes",
           max_memory_);
}

}  // namespace hearth::tsdb
