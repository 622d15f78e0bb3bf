// Forgetting: samples that a block has, series that have none left, and the log that held them.
#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/log.h"
#include "tsdb/checkpoint.h"
#include "tsdb/head_state.h"

namespace hearth::tsdb {
namespace {

double seconds_since(const Clock& clock, int64_t start) {
  return static_cast<double>(clock.monotonic_nanos() - start) * 1e-9;
}

// Drops a series' old chunks. An empty series that nobody asked for since the last collection is
// marked as dying; whoever uses it takes the mark away.
bool shrink(HeadState& state, Series& series, TimeMs before, size_t& dropped, TimeMs& oldest) {
  ByteLockGuard lock(series.lock);
  dropped += state.chunks.drop_before(series, before);
  if (SeriesExtra* const extra = state.extras.find(series)) {
    std::erase_if(extra->deleted, [before](TimeRange range) { return range.max < before; });
    state.extras.remove_if_empty(series);
  }
  const bool spared = (series.flags & Series::kInterned) != 0;
  series.flags &= static_cast<uint8_t>(~Series::kInterned);
  if (!series.empty()) {
    oldest = std::min(oldest, state.chunks.first_time(series));
    return false;
  }
  if ((series.flags & Series::kLate) != 0) return false;
  if (!spared) series.flags |= Series::kDying;
  return !spared;
}

// Kills a series that is still dying; returns whether the log knows it, or nothing if it lives.
std::optional<bool> kill(HeadState& state, Series& series) {
  ByteLockGuard lock(series.lock);
  if (!series.empty() || (series.flags & Series::kLate) != 0 ||
      (series.flags & Series::kDying) == 0)
    return std::nullopt;
  const bool logged = (series.flags & Series::kLogged) != 0;
  series.flags = Series::kDead;
  state.extras.remove(series);
  return logged;
}

bool lives(Series& series) {
  ByteLockGuard lock(series.lock);
  return series.labels != 0 && (series.flags & Series::kDead) == 0;
}

}  // namespace

void HeadState::collect(TimeMs before) {
  if (!has_samples() && series_count.load() == 0) {
    min_valid_time.store(std::max(min_valid_time.load(), before));
    return;
  }
  if (min_time.load() >= before) return;
  in_blocks_until.store(std::max(in_blocks_until.load(), before));
  metrics.truncations.add();
  const int64_t start = clock.monotonic_nanos();

  // From here on nothing older is accepted; when the commits that began earlier have ended, nothing
  // older is shown. What later commits bring is not older than `acceptable`.
  min_valid_time.store(std::max(min_valid_time.load(), before));
  const TimeMs acceptable = oldest_acceptable(max_time.load());
  isolation.wait_for_commits();
  min_time.store(before);
  include_times(before, before);
  isolation.wait_for_readers(before);

  size_t dropped = 0;
  TimeMs oldest = kMaxTime;
  std::vector<SeriesRef> dying;
  std::vector<HeadIndex::Removed> removed;
  {
    const Epoch::Guard guard = epoch.enter();
    const PostingsView refs = index.all();
    for (size_t i = 0; i < refs.size(); ++i) {
      if (shrink(*this, *table.find(refs[i]), before, dropped, oldest)) dying.push_back(refs[i]);
    }
    // Commits that looked at a series before it was marked have to end; later ones take the mark
    // away.
    isolation.wait_for_commits();
    std::string flat;
    for (const SeriesRef ref : dying) {
      Series& series = *table.find(ref);
      flat.clear();
      sets.append_flat(series.labels, flat);
      const uint64_t hashed = hash(LabelsView(flat));
      Stripe& home = stripe(hashed);
      MutexLock lock(home.mutex);
      const std::optional<bool> logged = kill(*this, series);
      if (!logged) continue;
      home.refs.erase(static_cast<uint32_t>(hashed), ref);
      removed.push_back({ref, series.labels});
      if (*logged) expiring_refs[log_ref(ref)] = wal->segment();
    }
    if (!removed.empty()) index.remove(removed);
    for (const HeadIndex::Removed& gone : removed) {
      sets.remove(gone.labels);
      table.remove(gone.ref, newest_ref.load());
    }
  }
  series_count.fetch_sub(removed.size());
  metrics.series.add(-static_cast<double>(removed.size()));
  metrics.series_removed.add(static_cast<double>(removed.size()));
  count_chunks(0, dropped);
  sealed.truncate();

  min_time.store(std::max(before, std::min(oldest, acceptable)));
  min_valid_time.store(min_time.load());
  metrics.gc_seconds.observe(seconds_since(clock, start));
  log_info("Head GC completed", "caller", "truncateMemory", "duration",
           fmt::format("{:.3f}s", seconds_since(clock, start)));
}

void HeadState::truncate_log(TimeMs before) {
  if (before <= log_truncated_to) return;
  log_truncated_to = before;
  const int64_t start = clock.monotonic_nanos();
  const std::vector<uint32_t> segments = wal_segments(log_dir);
  wal->next_segment();  // so that little traffic does not keep more log than is needed
  // The open segment never goes into a checkpoint; of the others the older two thirds are mostly
  // obsolete.
  if (segments.size() < 2) return;
  const uint32_t first = segments.front();
  const uint32_t closed = segments.back() - 1;
  if (closed < first) return;
  const uint32_t last = first + (closed - first) * 2 / 3;
  if (last <= first) return;

  metrics.checkpoints.add();
  const auto keep = [&](uint64_t ref) {
    const auto expiring = expiring_refs.find(ref);
    if (expiring != expiring_refs.end()) return expiring->second > last;
    if (ref <= log_ref_base || ref - log_ref_base > newest_ref.load()) return false;
    Series* series = table.find(static_cast<SeriesRef>(ref - log_ref_base));
    return series != nullptr && lives(*series);
  };
  try {
    const Epoch::Guard guard = epoch.enter();
    write_checkpoint(log_dir, last, keep, before, options);
  } catch (const Error&) {
    metrics.checkpoints_failed.add();
    throw;
  }
  wal->truncate(last + 1);
  std::erase_if(expiring_refs, [&](const auto& expiring) { return expiring.second <= last; });
  metrics.checkpoint_deletions.add();
  try {
    remove_old_checkpoints(log_dir, last);
  } catch (const Error& e) {  // they only take room; the next time they go
    metrics.checkpoint_deletions_failed.add();
    log_error("delete old checkpoints", "err", e.what());
  }
  metrics.log_truncate_seconds.observe(seconds_since(clock, start));
  log_info("WAL checkpoint complete", "first", first, "last", last, "duration",
           fmt::format("{:.3f}s", seconds_since(clock, start)));
}

}  // namespace hearth::tsdb
