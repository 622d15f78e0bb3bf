// Starting: the log becomes the head's memory again, before anything else or in the background.
#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tsdb/head_replay.h"
#include "tsdb/head_state.h"

namespace hearth::tsdb {
namespace {

// Goes through the gate to `inner`; while the log is replayed only the log is told.
class GatedAppender final : public Appender {
 public:
  GatedAppender(HeadState& state, std::unique_ptr<Appender> inner)
      : state_(state), inner_(std::move(inner)) {}

  SeriesRef intern(LabelsView labels, SeriesSource* source) override {
    const Visit visit(state_.gate);
    return inner_->intern(labels, source);
  }
  AppendResult append(const Batch& batch) override {
    const Visit visit(state_.gate);
    return inner_->append(batch);
  }

 private:
  class Visit {
   public:
    explicit Visit(ReplayGate& gate) : gate_(gate), inside_(gate.enter()) {}
    ~Visit() {
      if (inside_) gate_.leave();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    ReplayGate& gate_;
    const bool inside_;
  };

  HeadState& state_;
  const std::unique_ptr<Appender> inner_;
};

}  // namespace

void HeadState::replay(Pool& work, Registry& registry) {
  const int64_t start = clock.monotonic_nanos();
  const auto seconds = [&] {
    return fmt::format("{:.3f}s", static_cast<double>(clock.monotonic_nanos() - start) * 1e-9);
  };
  HeadReplay replay(*this, work);
  const uint32_t first_new = replay.find_series();
  wal = std::make_unique<Wal>(log_dir, first_new, options.wal_segment_bytes, registry,
                              options.wal_sync);
  log_info("Series of the WAL are known", "series", series_count.load(), "duration", seconds());
  replay.apply_samples();
  replay.finish();
  late.replay([&](uint64_t ref) { return replay.ref_in_memory(ref); });
  metrics.replay_seconds.set(static_cast<double>(clock.monotonic_nanos() - start) * 1e-9);
  log_info("WAL replay completed", "series", series_count.load(), "samples", replay.samples(),
           "total_replay_duration", seconds());
  gate.open();
}

std::unique_ptr<Appender> make_gated_appender(HeadState& state) {
  return std::make_unique<GatedAppender>(state, make_head_appender(state));
}

}  // namespace hearth::tsdb
