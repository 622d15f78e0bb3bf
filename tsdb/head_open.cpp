// Starting: the log becomes the head's memory again, before anything else or in the background.
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tsdb/head_replay.h"
#include "tsdb/head_state.h"

namespace hearth::tsdb {
namespace {

uint64_t bytes_from(const Wal& wal, uint32_t first) {
  uint64_t bytes = 0;
  for (uint32_t segment = first; segment <= wal.segment(); ++segment)
    bytes += File(wal_segment_path(wal.dir(), segment), File::Mode::kRead).size();
  return bytes;
}

// What was logged since segment `next` was begun: portion by portion, each smaller than the one
// before; the last one while no appender is in.
void follow_log(HeadState& state, HeadReplay& replay, uint32_t next) {
  constexpr uint64_t kLittle = 1 << 20;
  while (bytes_from(*state.wal, next) > kLittle) {
    const uint32_t last = state.wal->segment();
    state.wal->next_segment();
    for (; next <= last; ++next) replay.apply_new_segment(next);
  }
  state.gate.hold();
  for (const uint32_t last = state.wal->segment(); next <= last; ++next)
    replay.apply_new_segment(next);
  replay.finish();
}

}  // namespace

void HeadState::replay(Pool& work, Registry& registry) {
  const int64_t start = clock.monotonic_nanos();
  const auto seconds = [&] {
    return static_cast<double>(clock.monotonic_nanos() - start) * 1e-9;
  };
  try {
    HeadReplay replay(*this, work);
    const uint32_t first_new = replay.find_series();
    wal = std::make_unique<Wal>(log_dir, first_new, options.wal_segment_bytes, registry,
                                options.wal_sync);
    gate.let_in();
    log_info("Series of the WAL are known, replaying it", "series", series_count.load(), "duration",
             fmt::format("{:.3f}s", seconds()));
    replay.apply_samples();
    late.replay([&](uint64_t ref) { return replay.ref_in_memory(ref); });
    follow_log(*this, replay, first_new);
    replay.warn_of_unknown();
    metrics.replay_seconds.set(seconds());
    log_info("WAL replay completed", "series", series_count.load(), "samples", replay.samples(),
             "total_replay_duration", fmt::format("{:.3f}s", seconds()));
    gate.open();
  } catch (...) {
    gate.close();
    throw;
  }
}

}  // namespace hearth::tsdb
