// Samples out of order: head -> blocks, which overlap others and are merged with them later.
#include "core/log.h"
#include "tsdb/compact.h"
#include "tsdb/db_state.h"

namespace hearth::tsdb {

void Db::State::compact_out_of_order() {
  const auto late = head.compact_out_of_order();
  if (late == nullptr) return;
  for (const TimeMs start : late->ranges()) {
    metrics.triggered.add();
    const DbMetrics::Run run(metrics, clock);
    BlockMeta meta;
    meta.ulid = make_ulid(clock.now());
    meta.min_time = start;
    meta.max_time = start + options.min_block_duration;
    meta.sources = {meta.ulid};
    meta.hints = {std::string(kFromOutOfOrder)};
    const auto series = late->series_chunks({meta.min_time, meta.max_time - 1});
    if (!write_block(dir, *series, meta, metrics.chunk_observer(), format)) continue;
    blocks.change(meta.ulid, {});
    log_info("write block", "mint", meta.min_time, "maxt", meta.max_time, "ulid",
             meta.ulid.text(), "duration", run.duration_text(), "ooo", true);
  }
  late->release();
}

}  // namespace hearth::tsdb
