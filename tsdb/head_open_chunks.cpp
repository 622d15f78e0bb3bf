// Starting: the chunks of chunks_head/ go back to their series.
#include <algorithm>
#include <bit>
#include <unordered_set>

#include "core/error.h"
#include "core/log.h"
#include "tsdb/head_state.h"

namespace hearth::tsdb {
void HeadState::attach_chunks(const FoundChunks& found,
                              const HeadOutOfOrder::RefInMemory& ref_in_memory) {
  size_t attached = 0;
  size_t dropped = 0;
  // A chunk that does not follow the ones before it: those after it have to come from the log, too.
  std::unordered_set<SeriesRef> broken;
  const TimeMs oldest = min_valid_time.load();
  const auto attach = [&](const FoundChunk& chunk) {
    if (chunk.out_of_order) return false;  // wbl/ has these samples, or they are gone
    const SeriesRef ref = ref_in_memory(chunk.series);
    Series* const series = table.find(ref);
    if (series == nullptr || series->labels == 0) return false;
    if (chunk.max_time < oldest || broken.count(ref) != 0) return false;
    ByteLockGuard lock(series->lock);
    const size_t open_before = series->samples > 0 ? 1 : 0;
    if (!chunks.attach(*series, {chunk.min_time, chunk.max_time, chunk.place}, chunk.encoding)) {
      broken.insert(ref);
      return false;
    }
    const size_t open_after = series->samples > 0 ? 1 : 0;
    count_chunks(1, open_before - open_after);
    include_times(std::max(chunk.min_time, oldest), chunk.max_time);
    return true;
  };
  for (const std::vector<FoundChunk>& file : found.files) {
    for (const FoundChunk& chunk : file) {
      const bool kept = attach(chunk);
      if (!kept) sealed.remove(chunk.place);
      ++(kept ? attached : dropped);
    }
  }
  log_info("Finished chunks of the head are back", "chunks", attached, "dropped", dropped);
}

void HeadState::restore_newest_values() {
  const PostingsView refs = index.all();
  for (size_t i = 0; i < refs.size(); ++i) {
    Series& series = *table.find(refs[i]);
    ByteLockGuard lock(series.lock);
    if (series.samples > 0 || series.sealed_count == 0) continue;
    const ChunkView view = sealed.read(chunks.sealed_chunks(series).back());
    if (!holds_floats(view.encoding)) continue;
    Columns columns;
    decode_chunk(view.encoding, view.bytes, {}, columns);
    if (!columns.v.empty()) series.last_value = std::bit_cast<uint64_t>(columns.v.back());
  }
}

}  // namespace hearth::tsdb
