// What a batch has beside floats: histograms, metadata, exemplars; and what comes out of order.
#include "core/error.h"
#include "core/histogram_check.h"
#include "core/histogram_math.h"
#include "tsdb/head_commit.h"

namespace hearth::tsdb {
namespace {

// Stale markers have no buckets, but a kind, and are the same whatever else is in them.
bool are_same(const FloatHistogram& a, const FloatHistogram& b) {
  if (a.integer != b.integer) return false;
  if (is_stale(a.sum) || is_stale(b.sum)) return is_stale(a.sum) && is_stale(b.sum);
  return same_histogram(a, b);
}

}  // namespace

Verdict judge_histogram(const Series& series, const FloatHistogram* last, TimeMs t,
                        const FloatHistogram& histogram, const AppendBounds& bounds) {
  if (series.sealed_count == Series::kMaxSealed) return Verdict::kOutOfBounds;
  const bool same = t == series.last_time && last != nullptr && are_same(*last, histogram);
  return judge(series.last_time, t, same, bounds);
}

const FloatHistogram* stale_histogram(const FloatHistogram* last) {
  static const auto make = [](bool integer) {
    FloatHistogram marker;
    marker.integer = integer;
    marker.sum = stale_marker();
    return marker;
  };
  static const FloatHistogram whole = make(true), fractional = make(false);
  return last == nullptr || last->integer ? &whole : &fractional;
}

// ---- histograms --------------------------------------------------------------------------------

void Commit::judge_histograms() {
  for (uint32_t i = 0; i < batch_.histograms.size(); ++i) {
    const auto& [ref, t, histogram] = batch_.histograms[i];
    if (const std::string fault = histogram_fault(histogram); !fault.empty())
      throw Error(ErrorKind::kBadData, fault);
    Series* const series = state_.table.find(ref);
    Found found = Found::kUnknown;
    Verdict verdict = Verdict::kStore;
    if (series != nullptr) {
      ByteLockGuard lock(series->lock);
      found = look_at(*series);
      verdict =
          judge_histogram(*series, state_.chunks.last_histogram(*series), t, histogram, bounds_);
    }
    if (found == Found::kUnknown) {
      result_.unknown_histograms.push_back(i);
      continue;
    }
    if (is_behind(verdict)) observe_delay(t);
    if (verdict != Verdict::kStore && verdict != Verdict::kLate) {
      refuse(verdict, i, true);
      continue;
    }
    if (found == Found::kNotLogged) unlogged_.push_back(ref);
    histograms_record_.add(state_.log_ref(ref), t, histogram);
    if (verdict == Verdict::kLate) {
      late_.push_back({series, ref, t, 0, &histogram});
    } else {
      histograms_.push_back({series, ref, t, &histogram, i, false});
    }
  }
}

void Commit::apply_histograms() {
  for (const AcceptedHistogram& sample : histograms_) {
    Series& series = *sample.series;
    ByteLockGuard lock(series.lock);
    const Verdict verdict = judge_histogram(series, state_.chunks.last_histogram(series), sample.t,
                                            *sample.histogram, bounds_);
    if (verdict == Verdict::kLate) {
      late_.push_back({&series, sample.ref, sample.t, stale_marker(), sample.histogram});
      late_floats_ += sample.marker ? 1 : 0;
      continue;
    }
    if (verdict != Verdict::kStore) {
      refuse(verdict, sample.position, !sample.marker);
      continue;
    }
    const bool begun = state_.chunks.append_histogram(series, state_.chunk_file_ref(sample.ref),
                                                      sample.t, *sample.histogram);
    chunks_begun_ += begun ? 1 : 0;
    note(series, sample.t);
    ++appended_histograms_;
    ++(sample.marker ? result_.stored : result_.stored_histograms);
  }
}

// ---- metadata ----------------------------------------------------------------------------------

// What is known already need not be told again.
void Commit::judge_metadata() {
  for (const Batch::SeriesMetadata& of : batch_.metadata) {
    Series* const series = state_.table.find(of.ref);
    if (series == nullptr) continue;
    ByteLockGuard lock(series->lock);
    const Found found = look_at(*series);
    if (found == Found::kUnknown || state_.has_metadata(*series, of.metadata)) continue;
    if (found == Found::kNotLogged) unlogged_.push_back(of.ref);
    metadata_.push_back(&of);
  }
}

void Commit::apply_metadata() {
  for (const Batch::SeriesMetadata* of : metadata_) state_.set_metadata(of->ref, of->metadata);
}

// ---- exemplars ---------------------------------------------------------------------------------

// Those that are wrong are left out, as in Prometheus: no sample depends on them.
void Commit::judge_exemplars() {
  std::string flat;
  for (uint32_t i = 0; i < batch_.exemplars.size(); ++i) {
    const Batch::SeriesExemplar& of = batch_.exemplars[i];
    Series* const series = state_.table.find(of.ref);
    if (series == nullptr) continue;
    Found found = Found::kUnknown;
    {
      ByteLockGuard lock(series->lock);
      found = look_at(*series);
    }
    if (found == Found::kUnknown) continue;
    flat.clear();
    state_.sets.append_flat(series->labels, flat);
    switch (state_.exemplars.check(LabelsView(flat), of.exemplar)) {
      case ExemplarRing::Outcome::kStored:
        if (found == Found::kNotLogged) unlogged_.push_back(of.ref);
        exemplars_.push_back(&of);
        break;
      case ExemplarRing::Outcome::kIgnored:
        ++result_.stored_exemplars;
        break;
      case ExemplarRing::Outcome::kOutOfOrder:
        result_.exemplars_out_of_order.push_back(i);
        break;
      case ExemplarRing::Outcome::kTooLong:
        break;
    }
  }
}

void Commit::apply_exemplars() {
  std::string flat;
  for (const Batch::SeriesExemplar* of : exemplars_) {
    flat.clear();
    state_.sets.append_flat(state_.table.find(of->ref)->labels, flat);
    const ExemplarRing::Outcome outcome = state_.exemplars.add(LabelsView(flat), of->exemplar);
    result_.stored_exemplars += outcome == ExemplarRing::Outcome::kStored ? 1 : 0;
  }
}

// ---- out of order ------------------------------------------------------------------------------

void Commit::insert_late() {
  if (late_.empty()) return;
  const std::vector<LateSample> samples = std::exchange(late_, {});
  const size_t floats = std::exchange(late_floats_, 0);
  state_.late.insert(samples);
  result_.stored += floats;
  result_.stored_histograms += samples.size() - floats;
}

}  // namespace hearth::tsdb
