#include "scraper/schedule.h"

#include <algorithm>
#include <cstdlib>

namespace hearth {
namespace {

constexpr DurationMs kLongestStep = 100;

// The scheduled time at or before `now`.
TimeMs scheduled_before(TimeMs now, DurationMs phase, DurationMs interval) {
  return now - (now - phase) % interval;
}

}  // namespace

DurationMs scrape_phase(uint64_t target_hash, uint64_t seed, DurationMs interval) {
  // In nanoseconds, as Prometheus has it, so that both spread targets alike.
  const uint64_t nanos = static_cast<uint64_t>(interval) * 1'000'000;
  const auto exact = static_cast<DurationMs>((target_hash ^ seed) % nanos / 1'000'000);
  const DurationMs step = std::clamp<DurationMs>(interval / 50, 1, kLongestStep);
  return (exact + step / 2) / step * step % interval;
}

TimeMs first_scrape(TimeMs now, DurationMs phase, DurationMs interval) {
  const TimeMs before = scheduled_before(now, phase, interval);
  return before == now ? now : before + interval;
}

TimeMs next_scrape(TimeMs now, DurationMs phase, DurationMs interval) {
  return scheduled_before(now + interval / 2, phase, interval) + interval;
}

TimeMs sample_time(TimeMs now, DurationMs phase, DurationMs interval, DurationMs tolerance) {
  const DurationMs allowed = std::min(tolerance, interval / 100);
  const TimeMs nearest = scheduled_before(now + interval / 2, phase, interval);
  return std::abs(now - nearest) <= allowed ? nearest : now;
}

uint64_t fnv1a(std::string_view text, uint64_t state) {
  for (const char c : text) state = (state ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return state;
}

uint64_t schedule_seed(const std::string& hostname, LabelsView external_labels) {
  return fnv1a(labels_text(external_labels), fnv1a(hostname));
}

}  // namespace hearth
