// One batch into the head: judge, then the log, then the series, then visible.
#include <algorithm>
#include <bit>

#include "core/error.h"
#include "tsdb/head_state.h"
#include "tsdb/verdict.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {
namespace {

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

// A float that passed the first judgement.
struct Accepted {
  Series* series;
  uint32_t position;
};

// One batch on its way, step by step in the order of the methods. One thread.
class Commit {
 public:
  Commit(HeadState& state, const Batch& batch)
      : state_(state),
        batch_(batch),
        guard_(state.epoch.enter()),
        in_flight_(state.isolation),
        bounds_{state.oldest_acceptable(first_time(batch))} {}

  AppendResult run();

 private:
  static TimeMs first_time(const Batch& batch) {
    if (!batch.times.empty()) return batch.times[0];
    return batch.histograms.empty() ? kMinTime : batch.histograms[0].t;
  }
  void judge_floats();
  void judge_metadata();
  void log();
  void apply_floats();
  void note(Series& series, TimeMs t) REQUIRES(series.lock);
  void refuse(Verdict verdict, uint32_t position, bool histogram);
  void count();

  HeadState& state_;
  const Batch& batch_;
  const Epoch::Guard guard_;
  const CommitInFlight in_flight_;
  const AppendBounds bounds_;
  AppendResult result_;

  std::vector<SeriesRef> unlogged_;  // that the log does not know yet
  std::vector<Accepted> floats_;
  SamplesRecord samples_;
  MetadataRecord metadata_;

  size_t appended_ = 0;
  size_t chunks_begun_ = 0;
  TimeMs min_ = kMaxTime;  // of what was stored
  TimeMs max_ = kMinTime;
};

AppendResult Commit::run() {
  judge_floats();
  if (!result_.unknown.empty()) {
    AppendResult only_unknown;
    only_unknown.unknown = std::move(result_.unknown);
    return only_unknown;
  }
  if (!batch_.all_or_nothing || result_.refused.empty()) {
    judge_metadata();
    log();
    apply_floats();
  } else {
    result_.stored = 0;
  }
  count();
  return std::move(result_);
}

// ---- the first judgement: before the log -------------------------------------------------------

Verdict judge_float(const Series& series, TimeMs t, double v, const AppendBounds& bounds)
    REQUIRES(series.lock) {
  if (series.sealed_count == Series::kMaxSealed) return Verdict::kOutOfBounds;
  return judge(series.last_time, t, std::bit_cast<uint64_t>(v) == series.last_value, bounds);
}

// What is seen of a series before the log is written. Looking at one also keeps it from being
// collected.
enum class Found : uint8_t { kUnknown, kNotLogged, kLogged };
Found look_at(Series& series) REQUIRES(series.lock) {
  if (series.labels == 0 || (series.flags & Series::kDead) != 0) return Found::kUnknown;
  series.flags &= static_cast<uint8_t>(~Series::kDying);
  return (series.flags & Series::kLogged) != 0 ? Found::kLogged : Found::kNotLogged;
}

void Commit::judge_floats() {
  constexpr size_t kAhead = 16;  // series are fetched so many samples early
  const size_t size = batch_.size();
  floats_.reserve(size);
  samples_.reserve(size);
  for (size_t i = 0; i < size; ++i) {
    if (i + kAhead < size) __builtin_prefetch(state_.table.find(batch_.refs[i + kAhead]), 1);
    const auto position = static_cast<uint32_t>(i);
    const SeriesRef ref = batch_.refs[i];
    const TimeMs t = batch_.times[i];
    Series* const series = state_.table.find(ref);
    Found found = Found::kUnknown;
    Verdict verdict = Verdict::kStore;
    if (series != nullptr) {
      ByteLockGuard lock(series->lock);
      found = look_at(*series);
      verdict = judge_float(*series, t, batch_.values[i], bounds_);
      state_.chunks.prefetch(*series);
    }
    if (found == Found::kUnknown) {
      result_.unknown.push_back(position);
    } else if (verdict != Verdict::kStore) {
      refuse(verdict, position, false);
    } else {
      if (found == Found::kNotLogged) unlogged_.push_back(ref);
      samples_.add(state_.log_ref(ref), t, batch_.values[i]);
      floats_.push_back({series, position});
    }
  }
}

void Commit::judge_metadata() {
  for (const Batch::SeriesMetadata& of : batch_.metadata) {
    Series* const series = state_.table.find(of.ref);
    if (series == nullptr) continue;
    ByteLockGuard lock(series->lock);
    const Found found = look_at(*series);
    if (found == Found::kUnknown) continue;
    if (found == Found::kNotLogged) unlogged_.push_back(of.ref);
    metadata_.add(state_.log_ref(of.ref), of.metadata);
  }
}

// ---- the log -----------------------------------------------------------------------------------

// Series that the log does not know yet go ahead of what names them.
void Commit::log() {
  std::sort(unlogged_.begin(), unlogged_.end());
  unlogged_.erase(std::unique(unlogged_.begin(), unlogged_.end()), unlogged_.end());
  SeriesRecord series;
  std::string flat;
  for (const SeriesRef ref : unlogged_) {
    flat.clear();
    state_.sets.append_flat(state_.table.find(ref)->labels, flat);
    series.add(state_.log_ref(ref), LabelsView(flat));
  }
  std::vector<WalRecord> records;
  const auto add = [&](auto& record) {
    if (!record.empty())
      records.push_back(make_wal_record(record.take(), state_.options.wal_compression));
  };
  add(series);
  add(metadata_);
  add(samples_);
  if (!records.empty()) state_.wal->append(records);
  for (const SeriesRef ref : unlogged_) {
    Series& logged = *state_.table.find(ref);
    ByteLockGuard lock(logged.lock);
    logged.flags |= Series::kLogged;
  }
}

// ---- memory ------------------------------------------------------------------------------------

// Readers hide what the series' newest commit appended while that is in flight.
void Commit::note(Series& series, TimeMs t) {
  if (series.last_commit != in_flight_.number()) {
    series.last_commit = in_flight_.number();
    series.commit_samples = 0;
  }
  if (series.commit_samples < 0xff) ++series.commit_samples;
  min_ = std::min(min_, t);
  max_ = std::max(max_, t);
}

void Commit::apply_floats() {
  for (const Accepted& sample : floats_) {
    Series& series = *sample.series;
    const TimeMs t = batch_.times[sample.position];
    const double v = batch_.values[sample.position];
    ByteLockGuard lock(series.lock);
    // Another commit, or an earlier sample of this one, may have come in between.
    const Verdict verdict = judge_float(series, t, v, bounds_);
    if (verdict != Verdict::kStore) {
      refuse(verdict, sample.position, false);
      continue;
    }
    chunks_begun_ += state_.chunks.append(series, state_.chunk_file_ref(batch_.refs[sample.position]), t, std::bit_cast<uint64_t>(v)) ? 1 : 0;
    note(series, t);
    ++appended_;
  }
}

// ---- what became of it -------------------------------------------------------------------------

void Commit::refuse(Verdict verdict, uint32_t position, bool histogram) {
  const std::optional<Refusal> why = refusal(verdict);
  if (!why) {
    ++(histogram ? result_.stored_histograms : result_.stored);
    return;
  }
  result_.refused.push_back({position, histogram, *why});
  switch (*why) {
    case Refusal::kOutOfOrder: ++result_.out_of_order; break;
    case Refusal::kDuplicate: ++result_.duplicate; break;
    case Refusal::kOutOfBounds: ++result_.out_of_bounds; break;
    case Refusal::kTooOld: ++result_.too_old; break;
  }
}

void Commit::count() {
  const HeadMetrics& metrics = state_.metrics;
  result_.stored += appended_;
  if (chunks_begun_ > 0) state_.count_chunks(chunks_begun_, 0);
  if (min_ <= max_) {
    state_.include_times(min_, max_);
    state_.show_times();
  }
  if (appended_ > 0) metrics.samples_appended.add(static_cast<double>(appended_));
  for (const AppendResult::Refused& refused : result_.refused) {
    if (refused.why == Refusal::kOutOfOrder) metrics.out_of_order.add();
    if (refused.why == Refusal::kOutOfBounds) metrics.out_of_bound.add();
  }
}

class HeadAppender final : public Appender {
 public:
  explicit HeadAppender(HeadState& state) : state_(state) {}

  SeriesRef intern(LabelsView labels, SeriesSource* source) override {
    if (labels.empty()) throw Error(ErrorKind::kBadData, "empty labelset: invalid sample");
    return state_.find_or_add(labels, 0, source).first;
  }
  AppendResult append(const Batch& batch) override {
    return batch.empty() ? AppendResult() : Commit(state_, batch).run();
  }

 private:
  HeadState& state_;
};

}  // namespace

std::unique_ptr<Appender> make_head_appender(HeadState& state) {
  return std::make_unique<HeadAppender>(state);
}

}  // namespace hearth::tsdb
