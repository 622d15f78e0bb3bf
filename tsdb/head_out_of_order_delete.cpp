// Deleting samples out of order: the log is written anew without them, and then they leave memory.
// What comes later is no matter of such a delete.
#include "tsdb/chunk_builder.h"
#include "tsdb/head_state.h"
#include "tsdb/out_of_order_record.h"

namespace hearth::tsdb {
namespace {

// Writes what stays, portion by portion. One thread.
class LogAnew {
 public:
  explicit LogAnew(HeadState& state) : state_(state) {}

  void add(SeriesRef ref, const Columns& columns) {
    const uint64_t log_ref = state_.log_ref(ref);
    for (size_t i = 0; i < columns.t.size(); ++i)
      record_.add(log_ref, columns.t[i], columns.v[i], nullptr);
    for (size_t i = 0; i < columns.histogram_t.size(); ++i)
      record_.add(log_ref, columns.histogram_t[i], 0, &columns.histograms[i]);
    if (record_.size() >= kPortionSamples) write();
  }
  void write() {
    {
      MutexLock lock(state_.late.log.order);
      for (std::string& bytes : record_.take()) state_.late.log.add(std::move(bytes));
    }
    state_.late.log.flush();
  }

 private:
  static constexpr size_t kPortionSamples = 4096;
  HeadState& state_;
  LateRecord record_;
};

// Where a log of other refs was taken over, series may be unknown to the log under their new ones.
void log_series(HeadState& state, std::span<const LateMember> members) {
  std::vector<SeriesRef> unlogged;
  for (const LateMember& member : members) {
    ByteLockGuard lock(member.series->lock);
    if ((member.series->flags & Series::kLogged) == 0) unlogged.push_back(member.ref);
  }
  state.log(std::move(unlogged), {});
}

}  // namespace

void HeadOutOfOrder::erase(std::span<const SeriesRef> refs, TimeRange range) {
  log.remove_obsolete();
  std::unordered_set<SeriesRef> meant;
  for (const SeriesRef ref : refs) {
    Series& series = *state_.table.find(ref);
    ByteLockGuard lock(series.lock);
    if (may_have_samples(series, range)) meant.insert(ref);
  }
  const bool named = state_.sealed.has_named_late();
  if (!meant.empty() || named) write_anew(meant, range);  // without markers of chunks, too
  if (named) state_.sealed.disown_late();
}

void HeadOutOfOrder::write_anew(const std::unordered_set<SeriesRef>& meant, TimeRange range) {
  const LatePresent present = end_runs();
  log_series(state_, present.members);
  LogAnew anew(state_);
  std::vector<std::pair<LateMember, std::vector<SealedChunk>>> remaining;
  ChunkBuilder builder;
  std::vector<ChunkView> chunks;
  Columns columns;
  for (const LateMember& member : present.members) {
    const bool is_meant = meant.count(member.ref) != 0;
    if (is_meant) remaining.push_back({member, {}});
    for (const SealedChunk& chunk : chunks_of(member, {})) {
      columns.clear();
      const ChunkView view = state_.sealed.read(chunk);
      decode_chunk(view.encoding, view.bytes, {}, columns);
      if (is_meant) {
        cut_intervals({range}, columns);
        builder.clear();
        chunks.clear();
        builder.build(columns, chunks);
        for (const ChunkView& left : chunks) remaining.back().second.push_back(seal(left));
      }
      anew.add(member.ref, columns);
    }
  }
  anew.write();
  log.truncate(present.segment);

  MutexLock lock(log.order);
  for (const auto& [member, by] : remaining) replace(member, by);
  replaced();
}

}  // namespace hearth::tsdb
