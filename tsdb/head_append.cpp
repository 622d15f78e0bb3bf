// One batch into the head: judge, then the log, then the series, then visible.
#include <algorithm>
#include <bit>

#include "core/error.h"
#include "tsdb/head_commit.h"

namespace hearth::tsdb {

AppendResult Commit::run() {
  judge_floats();
  judge_histograms();
  if (!result_.unknown.empty() || !result_.unknown_histograms.empty()) {
    AppendResult only_unknown;
    only_unknown.unknown = std::move(result_.unknown);
    only_unknown.unknown_histograms = std::move(result_.unknown_histograms);
    return only_unknown;
  }
  const size_t judged = result_.refused.size();
  if (!batch_.all_or_nothing || judged == 0) {
    judge_metadata();
    judge_exemplars();
    log();
    insert_late();  // first: when it throws, nothing else is stored
    apply_floats();
    apply_histograms();
    apply_metadata();
    apply_exemplars();
    for (size_t i = judged; i < result_.refused.size(); ++i) result_.refused[i].late = true;
  } else {
    result_.stored = result_.stored_histograms = 0;
  }
  count();
  insert_late();  // what other commits have made late meanwhile
  return std::move(result_);
}

// ---- the first judgement: before the log -------------------------------------------------------

inline Verdict judge_float(const Series& series, TimeMs t, double v, const AppendBounds& bounds)
    REQUIRES(series.lock) {
  if (series.sealed_count == Series::kMaxSealed) return Verdict::kOutOfBounds;
  const bool same =
      std::bit_cast<uint64_t>(v) == series.last_value && (series.flags & Series::kHistogram) == 0;
  return judge(series.last_time, t, same, bounds);
}

// Histograms are applied behind floats, and so a marker that a float follows stays one.
bool Commit::is_followed(size_t position) const {
  const auto next = batch_.refs.begin() + static_cast<std::ptrdiff_t>(position) + 1;
  return std::find(next, batch_.refs.end(), next[-1]) != batch_.refs.end();
}

// Whether a float at `t` can follow in the series, and nothing else is to be thought of: what a
// look without the lock tells. (The mark of a dying series was set before this commit began, or its
// collection waits for this commit.)
inline bool is_plain(const Series& series, TimeMs t,
                     const AppendBounds& bounds) NO_THREAD_SAFETY_ANALYSIS {
  constexpr int kOtherwise = Series::kDead | Series::kDying | Series::kHistogram;
  return (series.flags & (Series::kLogged | kOtherwise)) == Series::kLogged &&
         t > series.last_time && judge(series.last_time, t, false, bounds) == Verdict::kStore;
}

void Commit::judge_floats() {
  constexpr size_t kAhead = 16;  // series are fetched so many samples early
  const size_t size = batch_.size();
  floats_.reserve(size);
  samples_record_.reserve(size);
  for (size_t i = 0; i < size; ++i) {
    if (i + kAhead < size) state_.table.prefetch(batch_.refs[i + kAhead]);
    const auto position = static_cast<uint32_t>(i);
    Series* const series = state_.table.find(batch_.refs[i]);
    if (series == nullptr) {
      result_.unknown.push_back(position);
    } else if (is_plain(*series, batch_.times[i], bounds_)) {
      state_.chunks.prefetch(*series);
      samples_record_.add(state_.log_ref(batch_.refs[i]), batch_.times[i], batch_.values[i]);
      floats_.push_back({series, position});
    } else {
      judge_float_closely(*series, position);
    }
  }
}

void Commit::judge_float_closely(Series& series, uint32_t position) {
  const SeriesRef ref = batch_.refs[position];
  const TimeMs t = batch_.times[position];
  const double v = batch_.values[position];
  Found found = Found::kUnknown;
  Verdict verdict = Verdict::kStore;
  const FloatHistogram* marker = nullptr;
  uint64_t existing = 0;
  bool has_histograms = false;
  {
    ByteLockGuard lock(series.lock);
    found = look_at(series);
    existing = series.last_value;
    has_histograms = (series.flags & Series::kHistogram) != 0;
    if (has_histograms && is_stale(v) && !is_followed(position)) {
      const FloatHistogram* const last = state_.chunks.last_histogram(series);
      marker = stale_histogram(last);
      verdict = judge_histogram(series, last, t, *marker, bounds_);
    } else {
      verdict = judge_float(series, t, v, bounds_);
    }
  }
  if (found == Found::kUnknown) {
    result_.unknown.push_back(position);
    return;
  }
  if (is_behind(verdict)) observe_delay(t);
  if (verdict != Verdict::kStore && verdict != Verdict::kLate) {
    refuse(verdict, position, false);
    if (verdict == Verdict::kDuplicate) {
      result_.refused.back().existing = std::bit_cast<double>(existing);
      result_.refused.back().existing_is_histogram = has_histograms;
    }
    return;
  }
  if (found == Found::kNotLogged) unlogged_.push_back(ref);
  if (marker == nullptr) {
    samples_record_.add(state_.log_ref(ref), t, v);
  } else {
    histograms_record_.add(state_.log_ref(ref), t, *marker);
  }
  if (verdict == Verdict::kLate) {
    late_.push_back({&series, ref, t, v, marker});
    ++late_floats_;
  } else if (marker == nullptr) {
    floats_.push_back({&series, position});
  } else {
    histograms_.push_back({&series, ref, t, marker, position, true});
  }
}

// ---- the log -----------------------------------------------------------------------------------

void Commit::log() {
  if (!late_.empty()) state_.late.log.flush();  // nothing new while that log cannot be written
  MetadataRecord metadata;
  for (const Batch::SeriesMetadata* of : metadata_)
    metadata.add(state_.log_ref(of->ref), of->metadata);
  ExemplarsRecord exemplars;
  for (const Batch::SeriesExemplar* of : exemplars_)
    exemplars.add(state_.log_ref(of->ref), of->exemplar);

  const std::string of_metadata = metadata.take();
  const std::string of_exemplars = exemplars.take();
  std::vector<std::string> of_histograms;
  if (!histograms_record_.empty()) of_histograms = histograms_record_.take();
  std::vector<std::string_view> records{of_metadata, samples_record_.bytes()};
  records.insert(records.end(), of_histograms.begin(), of_histograms.end());
  records.push_back(of_exemplars);
  state_.log(unlogged_, records);
}

// ---- memory ------------------------------------------------------------------------------------

// Readers hide what the series' newest commit appended where they do not see that.
void Commit::note(Series& series, TimeMs t) {
  if (series.last_commit != in_flight_.number()) {
    if (!Isolation::is_before(series.last_commit, in_flight_.settled())) keep_note(series);
    series.last_commit = in_flight_.number();
    series.commit_samples = 0;
  } else if (series.commit_samples == 0xff) {
    keep_note(series);
  }
  ++series.commit_samples;
  min_ = std::min(min_, t);
  max_ = std::max(max_, t);
}

// Moves the series' note to where there is room for several.
void Commit::keep_note(Series& series) {
  state_.earlier_commits.add(series, series.last_commit, series.commit_samples,
                             in_flight_.settled());
  series.flags |= Series::kEarlierCommits;
  series.commit_samples = 0;
}

void Commit::apply_floats() {
  // A lock waits until what was written before is in the nearest cache: it is brought there early.
  constexpr size_t kSeriesAhead = 8, kChunkAhead = 4;
  for (size_t i = 0; i < floats_.size(); ++i) {
    if (i + kSeriesAhead < floats_.size()) __builtin_prefetch(floats_[i + kSeriesAhead].series, 1);
    if (i + kChunkAhead < floats_.size()) state_.chunks.prefetch(*floats_[i + kChunkAhead].series);
    const AcceptedFloat& sample = floats_[i];
    Series& series = *sample.series;
    const TimeMs t = batch_.times[sample.position];
    const double v = batch_.values[sample.position];
    ByteLockGuard lock(series.lock);
    // Another commit, or an earlier sample of this one, may have come in between.
    const Verdict verdict = judge_float(series, t, v, bounds_);
    if (verdict == Verdict::kLate) {
      late_.push_back({&series, batch_.refs[sample.position], t, v, nullptr});
      ++late_floats_;
      continue;
    }
    if (verdict != Verdict::kStore) {
      refuse(verdict, sample.position, false);
      continue;
    }
    const SeriesRef file_ref = state_.chunk_file_ref(batch_.refs[sample.position]);
    chunks_begun_ += state_.chunks.append(series, file_ref, t, std::bit_cast<uint64_t>(v)) ? 1 : 0;
    note(series, t);
    ++appended_floats_;
    ++result_.stored;
  }
}

// ---- what became of it -------------------------------------------------------------------------

void Commit::observe_delay(TimeMs t) {
  if (t < bounds_.newest)
    state_.metrics.late_delta.observe(static_cast<double>(bounds_.newest - t) / 1000);
}

void Commit::refuse(Verdict verdict, uint32_t position, bool histogram) {
  const std::optional<Refusal> why = refusal(verdict);
  if (!why) {
    ++(histogram ? result_.stored_histograms : result_.stored);
    return;
  }
  result_.refused.push_back({position, histogram, *why});
  switch (*why) {
    case Refusal::kOutOfOrder:
      ++result_.out_of_order;
      break;
    case Refusal::kDuplicate:
      ++result_.duplicate;
      break;
    case Refusal::kOutOfBounds:
      ++result_.out_of_bounds;
      break;
    case Refusal::kTooOld:
      ++result_.too_old;
      break;
  }
}

void Commit::count() {
  const HeadMetrics& metrics = state_.metrics;
  if (chunks_begun_ > 0) state_.count_chunks(chunks_begun_, 0);
  if (min_ <= max_) state_.include_times(min_, max_);
  if (appended_floats_ > 0) metrics.samples_appended.add(static_cast<double>(appended_floats_));
  if (appended_histograms_ > 0)
    metrics.histograms_appended.add(static_cast<double>(appended_histograms_));
  for (const AppendResult::Refused& refused : result_.refused) {
    const Refusal why = refused.why;
    const bool histogram = refused.histogram;
    if (why == Refusal::kOutOfOrder)
      (histogram ? metrics.histograms_out_of_order : metrics.out_of_order).add();
    if (why == Refusal::kOutOfBounds)
      (histogram ? metrics.histograms_out_of_bound : metrics.out_of_bound).add();
    if (why == Refusal::kTooOld) (histogram ? metrics.histograms_too_old : metrics.too_old).add();
  }
}

namespace {

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
  void drop_dead(std::span<SeriesRef> refs) override {
    constexpr size_t kAhead = 16;
    const Epoch::Guard guard = state_.epoch.enter();
    for (size_t i = 0; i < refs.size(); ++i) {
      if (i + kAhead < refs.size()) state_.table.prefetch(refs[i + kAhead]);
      Series* const series = state_.table.find(refs[i]);
      if (series != nullptr) {
        ByteLockGuard lock(series->lock);
        if ((series->flags & Series::kDead) == 0) continue;
      }
      refs[i] = 0;
    }
  }

 private:
  HeadState& state_;
};

}  // namespace

std::unique_ptr<Appender> make_head_appender(HeadState& state) {
  return std::make_unique<HeadAppender>(state);
}

}  // namespace hearth::tsdb
