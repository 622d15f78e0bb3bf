// A clean stop: what the head has in memory goes into a snapshot, for the next start.
#include <algorithm>
#include <bit>

#include "core/error.h"
#include "core/log.h"
#include "tsdb/head_snapshot.h"
#include "tsdb/head_state.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {
namespace {

constexpr size_t kSliceSeries = 2048;
constexpr size_t kExemplarsPerRecord = 10'000;

WalRecord compress(const HeadState& state, std::string record) {
  return make_wal_record(std::move(record), state.options.wal_compression);
}

// One slice of the series, record by record. One thread.
struct Slice {
  std::vector<WalRecord> records;
  MetadataRecord metadata;
  Tombstones deleted;
  SnapshotSeries series;
  std::string chunk;
};

// The record of a series that the log knows; "" for others.
std::string series_record(HeadState& state, SeriesRef ref, Slice& slice) {
  SnapshotSeries& out = slice.series;
  Series& series = *state.table.find(ref);
  ByteLockGuard lock(series.lock);
  if ((series.flags & Series::kDead) != 0 || (series.flags & Series::kLogged) == 0) return {};
  out.ref = ref;
  out.labels.clear();
  state.sets.append_flat(series.labels, out.labels);
  out.has_chunk = series.samples > 0;
  if (out.has_chunk) {
    out.min_time = series.chunk_start;
    out.max_time = series.last_time;
    out.encoding = state.chunks.copy_open_chunk(series, slice.chunk);
    out.chunk = slice.chunk;
    out.last_value = std::bit_cast<double>(series.last_value);
    const FloatHistogram* const histogram = state.chunks.last_histogram(series);
    if (histogram != nullptr) out.last_histogram = *histogram;
  }
  const SeriesExtra* const extra = state.extras.find(series);
  if (extra != nullptr && !extra->deleted.empty()) slice.deleted.by_series[ref] = extra->deleted;
  if (extra != nullptr && extra->metadata) slice.metadata.add(ref, *extra->metadata);
  return encode_snapshot_series(out);
}

void write_series(HeadState& state, HeadSnapshotWriter& writer, Pool& work) {
  const PostingsView refs = state.index.all();
  const size_t slices = (refs.size() + kSliceSeries - 1) / kSliceSeries;
  const size_t at_once = 2 * (work.threads() + 1);
  Tombstones deleted;
  for (size_t first = 0; first < slices; first += at_once) {
    std::vector<Slice> made(std::min(at_once, slices - first));
    work.parallel_slices(made.size(), [&](size_t i) {
      const size_t begin = (first + i) * kSliceSeries;
      const size_t end = std::min(begin + kSliceSeries, refs.size());
      for (size_t k = begin; k < end; ++k) {
        std::string record = series_record(state, refs[k], made[i]);
        if (!record.empty()) made[i].records.push_back(compress(state, std::move(record)));
      }
    });
    for (Slice& slice : made) {
      writer.add(slice.records);
      if (!slice.metadata.empty()) writer.add_metadata(compress(state, slice.metadata.take()));
      deleted.by_series.merge(slice.deleted.by_series);
    }
  }
  const WalRecord record = compress(state, encode_snapshot_tombstones(deleted));
  writer.add({&record, 1});
}

SeriesRef find_ref(HeadState& state, LabelsView labels) {
  const uint64_t hashed = state.hash(labels);
  HeadState::Stripe& home = state.stripe(hashed);
  MutexLock lock(home.mutex);
  return home.refs.find(static_cast<uint32_t>(hashed), [&](SeriesRef ref) {
    return state.sets.equal(state.table.find(ref)->labels, labels);
  });
}

// In the order of time, in which they came more or less.
void write_exemplars(HeadState& state, HeadSnapshotWriter& writer) {
  std::vector<std::pair<SeriesRef, Exemplar>> exemplars;
  const std::vector<Matcher> all;
  for (ExemplarSeries& series : state.exemplars.find({&all, 1}, {})) {
    const SeriesRef ref = find_ref(state, series.labels);
    if (ref == 0) continue;
    for (Exemplar& exemplar : series.exemplars) exemplars.emplace_back(ref, std::move(exemplar));
  }
  std::stable_sort(exemplars.begin(), exemplars.end(),
                   [](const auto& a, const auto& b) { return a.second.t < b.second.t; });
  for (size_t first = 0; first < exemplars.size(); first += kExemplarsPerRecord) {
    ExemplarsRecord record;
    const size_t end = std::min(first + kExemplarsPerRecord, exemplars.size());
    for (size_t i = first; i < end; ++i) record.add(exemplars[i].first, exemplars[i].second);
    const WalRecord encoded = compress(state, encode_snapshot_exemplars(record.take()));
    writer.add({&encoded, 1});
  }
}

}  // namespace

void HeadState::write_snapshot(Pool& work) {
  if (!options.snapshot_on_shutdown || !gate.is_whole() || log_ref_base != 0) return;
  if (late.has_other_refs()) return;
  const int64_t start = clock.monotonic_nanos();
  const WalWriter::Mark end = wal->end();
  const std::optional<HeadSnapshot> latest = latest_head_snapshot(dir);
  if (latest && latest->segment == end.segment && latest->offset == end.bytes) return;
  // The snapshot says nothing of finished chunks, and the log before it will not be read.
  sealed.flush();
  wal->sync();
  HeadSnapshotWriter writer(dir, end.segment, end.bytes);
  const Epoch::Guard guard = epoch.enter();
  write_series(*this, writer, work);
  write_exemplars(*this, writer);
  writer.commit();
  const double seconds = static_cast<double>(clock.monotonic_nanos() - start) * 1e-9;
  log_info("Memory snapshot complete", "series", series_count.load(), "duration",
           fmt::format("{:.3f}s", seconds));
}

}  // namespace hearth::tsdb
