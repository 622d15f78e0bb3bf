// One batch into the head: check, then the log, then the series, then visible.
#include <algorithm>
#include <bit>
#include <span>

#include "core/error.h"
#include "tsdb/head_state.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {
namespace {

enum class Verdict { kStore, kSame, kDuplicate, kOutOfOrder, kOutOfBounds };

// What becomes of a sample after one of (last_time, last_value).
Verdict judge(TimeMs last_time, uint64_t last_value, TimeMs t, uint64_t value, TimeMs oldest) {
  if (t < oldest) return Verdict::kOutOfBounds;
  if (t > last_time) return Verdict::kStore;
  if (t < last_time) return Verdict::kOutOfOrder;
  return value == last_value ? Verdict::kSame : Verdict::kDuplicate;
}

void count(Verdict verdict, AppendResult& result) {
  switch (verdict) {
    case Verdict::kStore:
    case Verdict::kSame:
      ++result.stored;
      break;
    case Verdict::kDuplicate:
      ++result.duplicate;
      break;
    case Verdict::kOutOfOrder:
      ++result.out_of_order;
      break;
    case Verdict::kOutOfBounds:
      ++result.out_of_bounds;
      break;
  }
}

// What an append must know of a series; taken under its lock.
struct SeriesGlance {
  bool known = false;
  bool logged = false;
  TimeMs last_time = kMinTime;
  uint64_t last_value = 0;
  bool full = false;  // no chunk can be added any more
};

// Looking at a series for an append also keeps it from being collected.
inline SeriesGlance glance(const HeadState& state, Series* series) {
  if (series == nullptr) return {};
  ByteLockGuard lock(series->lock);
  if (series->labels == 0 || (series->flags & Series::kDead) != 0) return {};
  state.chunks.prefetch(*series);
  series->flags &= static_cast<uint8_t>(~Series::kDying);
  return {true, (series->flags & Series::kLogged) != 0, series->last_time, series->last_value,
          series->sealed_count == 0xffff};
}

// A commit in flight from construction to destruction. One thread.
class CommitInFlight {
 public:
  explicit CommitInFlight(Isolation& isolation)
      : isolation_(isolation), number_(isolation.begin()) {}
  ~CommitInFlight() { isolation_.end(number_); }
  CommitInFlight(const CommitInFlight&) = delete;
  CommitInFlight& operator=(const CommitInFlight&) = delete;
  Isolation::Commit number() const { return number_; }

 private:
  Isolation& isolation_;
  const Isolation::Commit number_;
};

// A sample that passed the check.
struct Accepted {
  Series* series;
  uint32_t position;
};

class HeadAppender final : public Appender {
 public:
  explicit HeadAppender(HeadState& state) : state_(state) {}

  SeriesRef intern(LabelsView labels) override {
    if (labels.empty()) throw Error(ErrorKind::kBadData, "empty labelset: invalid sample");
    return state_.find_or_add(labels, 0).first;
  }
  AppendResult append(const Batch& batch) override;

 private:
  std::vector<WalRecord> log_records(const Batch& batch, std::vector<SeriesRef>& unlogged,
                                     SamplesRecord& samples) const;
  void apply(const Batch& batch, std::span<const Accepted> accepted, TimeMs oldest,
             Isolation::Commit commit, AppendResult& result);

  HeadState& state_;
};

AppendResult HeadAppender::append(const Batch& batch) {
  AppendResult result;
  if (batch.size() == 0 && batch.metadata.empty()) return result;
  const Epoch::Guard guard = state_.epoch.enter();
  const CommitInFlight commit(state_.isolation);
  const TimeMs oldest = state_.oldest_acceptable(batch.times.empty() ? kMinTime : batch.times[0]);

  constexpr uint32_t kAhead = 16;  // series are fetched so many samples early
  std::vector<Accepted> accepted;
  std::vector<SeriesRef> unlogged;
  SamplesRecord samples;
  accepted.reserve(batch.size());
  samples.reserve(batch.size());
  for (uint32_t i = 0; i < batch.size(); ++i) {
    if (i + kAhead < batch.size()) __builtin_prefetch(state_.table.find(batch.refs[i + kAhead]), 1);
    const SeriesRef ref = batch.refs[i];
    const TimeMs t = batch.times[i];
    Series* const series = state_.table.find(ref);
    const SeriesGlance seen = glance(state_, series);
    if (!seen.known) {
      result.unknown.push_back(i);
      continue;
    }
    const Verdict verdict = seen.full ? Verdict::kOutOfBounds
                                      : judge(seen.last_time, seen.last_value, t,
                                              std::bit_cast<uint64_t>(batch.values[i]), oldest);
    if (verdict != Verdict::kStore) {
      count(verdict, result);
      continue;
    }
    if (!seen.logged) unlogged.push_back(ref);
    samples.add(state_.log_ref(ref), t, batch.values[i]);
    accepted.push_back({series, i});
  }
  if (!result.unknown.empty()) {
    AppendResult only_unknown;
    only_unknown.unknown = std::move(result.unknown);
    return only_unknown;
  }
  const std::vector<WalRecord> records = log_records(batch, unlogged, samples);
  if (!records.empty()) state_.wal->append(records);
  for (const SeriesRef ref : unlogged) {
    Series& series = *state_.table.find(ref);
    ByteLockGuard lock(series.lock);
    series.flags |= Series::kLogged;
  }
  apply(batch, accepted, oldest, commit.number(), result);
  return result;
}

// The series not yet in the log go ahead of the samples that name them.
std::vector<WalRecord> HeadAppender::log_records(const Batch& batch,
                                                 std::vector<SeriesRef>& unlogged,
                                                 SamplesRecord& samples) const {
  MetadataRecord metadata;
  for (const Batch::SeriesMetadata& of : batch.metadata) {
    const SeriesGlance seen = glance(state_, state_.table.find(of.ref));
    if (!seen.known) continue;
    if (!seen.logged) unlogged.push_back(of.ref);
    metadata.add(state_.log_ref(of.ref), of.metadata);
  }
  std::sort(unlogged.begin(), unlogged.end());
  unlogged.erase(std::unique(unlogged.begin(), unlogged.end()), unlogged.end());
  SeriesRecord series;
  std::string flat;
  for (const SeriesRef ref : unlogged) {
    flat.clear();
    state_.sets.append_flat(state_.table.find(ref)->labels, flat);
    series.add(state_.log_ref(ref), LabelsView(flat));
  }
  std::vector<WalRecord> records;
  const WalCompression compression = state_.options.wal_compression;
  if (!series.empty()) records.push_back(make_wal_record(series.take(), compression));
  if (!metadata.empty()) records.push_back(make_wal_record(metadata.take(), compression));
  if (!samples.empty()) records.push_back(make_wal_record(samples.take(), compression));
  return records;
}

void HeadAppender::apply(const Batch& batch, std::span<const Accepted> accepted, TimeMs oldest,
                         Isolation::Commit commit, AppendResult& result) {
  size_t appended = 0;
  size_t begun = 0;
  TimeMs min = kMaxTime;
  TimeMs max = kMinTime;
  for (const Accepted& sample : accepted) {
    Series& series = *sample.series;
    const TimeMs t = batch.times[sample.position];
    const auto value = std::bit_cast<uint64_t>(batch.values[sample.position]);
    ByteLockGuard lock(series.lock);
    // Another commit, or an earlier sample of this one, may have come in between.
    const Verdict verdict = judge(series.last_time, series.last_value, t, value, oldest);
    count(verdict, result);
    if (verdict != Verdict::kStore) continue;
    begun += state_.chunks.append(series, t, value) ? 1 : 0;
    if (series.last_commit != commit) {
      series.last_commit = commit;
      series.commit_samples = 0;
    }
    if (series.commit_samples < 0xff) ++series.commit_samples;
    ++appended;
    min = std::min(min, t);
    max = std::max(max, t);
  }
  if (begun > 0) state_.count_chunks(begun, 0);
  if (appended > 0) {
    state_.include_times(min, max);
    state_.show_times();
    state_.metrics.samples_appended.add(static_cast<double>(appended));
  }
  if (result.out_of_order > 0) {
    state_.metrics.out_of_order.add(static_cast<double>(result.out_of_order));
  }
  if (result.out_of_bounds > 0) {
    state_.metrics.out_of_bound.add(static_cast<double>(result.out_of_bounds));
  }
}

}  // namespace

std::unique_ptr<Appender> make_head_appender(HeadState& state) {
  return std::make_unique<HeadAppender>(state);
}

}  // namespace hearth::tsdb
