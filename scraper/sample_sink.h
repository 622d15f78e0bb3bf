// From parsed samples to a batch: what the readers of all formats have in common. It knows series by the
// line cache, resolves new ones, holds the limits, and counts.
#pragma once

#include <algorithm>
#include <string_view>

#include "core/histogram.h"
#include "scraper/batch_writer.h"
#include "scraper/line_cache.h"
#include "scraper/metadata_news.h"
#include "scraper/read_task.h"
#include "scraper/sample_labels.h"

namespace hearth {

// What became of a sample.
struct TakenSample {
  SeriesRef ref = 0;  // 0: it is not in the batch
  TimeMs t = 0;
  bool is_new = false;  // its series was not in the last body
};

// One body. One thread.
//
// A sample is a type with
//   const std::vector<Label>& labels();   exposed ones, with __name__; asked for new series only
//   bool has_time(); TimeMs time();       its own timestamp
//   bool fits(const ScrapeConfig&);       false: breaks native_histogram_bucket_limit
//   void store(SampleSink&, SeriesRef, TimeMs);
class SampleSink {
 public:
  SampleSink(const ReadTask& task, Batch& batch, ReadCounts& counts);

  const ReadTask& task;
  const ScrapeConfig& config;
  LineWalk walk;
  MetadataNews news;

  // `outcome` is what walk.find() says of the sample's series.
  template <class Sample>
  TakenSample take(LineWalk::Outcome outcome, Sample& sample);

  // A float of the series that the walk stands at: the fast way.
  void take_known(TimeMs t, double v, bool tracked) {
    ++counts_.total;
    const SeriesRef ref = walk.entry().ref;
    const bool admitted = ref != 0 && admit();
    walk.take(admitted && tracked);
    if (admitted) samples_.push(ref, t, v);
  }
  template <class Sample>
  bool has_time(Sample& sample) const {
    return sample.has_time() && config.honor_timestamps;
  }
  template <class Sample>
  bool tracked(Sample& sample) const {
    return !has_time(sample) ||
           (config.track_timestamps_staleness && sample.time() <= task.latest_time);
  }

  // For store().
  void push(SeriesRef ref, TimeMs t, double v) { samples_.push(ref, t, v); }
  void push(SeriesRef ref, TimeMs t, FloatHistogram histogram) {
    batch_.histograms.push_back({ref, t, std::move(histogram)});
  }
  void push(SeriesRef ref, Exemplar exemplar) { batch_.exemplars.push_back({ref, std::move(exemplar)}); }

  // The series counts from `created` on: a 0 goes there, where the storage cannot have it yet.
  void zero(const TakenSample& sample, TimeMs created);
  void zero(const TakenSample& sample, TimeMs created, const FloatHistogram& like);

  // Takes what a comment or a family says. `is_new`: it was not in the last body.
  void comment(bool is_new, EntryKind kind, std::string_view family, MetricType type, std::string_view text);

  // Throws Error(kBadData) where a limit of samples or buckets was broken.
  void check_limits() const;
  // The body is complete: the vanished series go to `stale`.
  void finish(std::vector<SeriesRef>& stale);
  // The body fails: the series that it did not come to go to `stale`.
  void give_up(std::vector<SeriesRef>& stale);
  bool repeated_with_times() const { return repeated_with_times_; }

 private:
  // Counts one sample that relabelling left; false when it must not be stored.
  bool admit() {
    ++counts_.added;
    if (config.sample_limit > 0 && ++admitted_ > config.sample_limit) {
      counts_.sample_limit_exceeded = true;
      return false;
    }
    return true;
  }
  template <class Sample>
  bool admit(Sample& sample);
  template <class Sample>
  bool in_bounds(Sample& sample);
  template <class Sample>
  TakenSample store(SeriesRef ref, Sample& sample);
  template <class Sample>
  TakenSample take_new(Sample& sample);
  bool may_be_new();
  bool wants_zero(const TakenSample& sample, TimeMs created) const;
  void insert_zeros();
  void tell_metadata(SeriesRef ref, std::string_view metric);

  Batch& batch_;
  ReadCounts& counts_;
  BatchWriter samples_;
  LabelsBuilder labels_;
  size_t admitted_ = 0;      // samples that count against sample_limit
  size_t known_series_ = 0;  // counted where there is a series_limit
  bool repeated_with_times_ = false;
  Batch zeros_;
};

template <class Sample>
bool SampleSink::admit(Sample& sample) {
  if (sample.fits(config)) return admit();
  counts_.bucket_limit_exceeded = true;
  ++counts_.added;
  return false;
}

template <class Sample>
bool SampleSink::in_bounds(Sample& sample) {
  if (!has_time(sample) || sample.time() <= task.latest_time) return true;
  ++counts_.out_of_bounds;
  return false;
}

template <class Sample>
TakenSample SampleSink::store(SeriesRef ref, Sample& sample) {
  if (!in_bounds(sample)) return {};
  const TimeMs t = has_time(sample) ? sample.time() : task.time;
  sample.store(*this, ref, t);
  return {ref, t, false};
}

template <class Sample>
TakenSample SampleSink::take_new(Sample& sample) {
  if (!sample_labels(sample.labels(), task.target, config, labels_)) {
    walk.add(0, false, false);
    return {};
  }
  // Else nothing is interned for it.
  if (!admit(sample) || !in_bounds(sample) || !may_be_new()) return {};
  const SeriesRef ref = task.appender.intern(labels_.build(), &task.source);
  if (ref == 0) {
    ++counts_.refused;
    return {};
  }
  walk.add(ref, false, tracked(sample));
  ++counts_.series_added;
  if (has_time(sample)) counts_.new_with_time.push_back(ref);
  if (task.features.tell_metadata) tell_metadata(ref, labels_.get(kMetricName));
  TakenSample taken = store(ref, sample);
  taken.is_new = true;
  return taken;
}

template <class Sample>
TakenSample SampleSink::take(LineWalk::Outcome outcome, Sample& sample) {
  ++counts_.total;
  if (outcome == LineWalk::Outcome::kNew) return take_new(sample);
  if (outcome == LineWalk::Outcome::kKnown) {
    const SeriesRef ref = walk.entry().ref;
    const bool admitted = ref != 0 && admit(sample);
    walk.take(admitted && tracked(sample));
    if (!admitted) return {};
    if (task.features.tell_metadata && news.family_changed() &&
        sample_labels(sample.labels(), task.target, config, labels_)) {
      tell_metadata(ref, labels_.get(kMetricName));
    }
    return store(ref, sample);
  }
  const SeriesRef ref = walk.repeated_ref();
  walk.repeat();
  if (ref == 0) return {};
  if (!has_time(sample)) {
    ++counts_.added;
    ++counts_.duplicates;
    return {};
  }
  if (!admit(sample)) return {};
  repeated_with_times_ = true;
  return store(ref, sample);
}

}  // namespace hearth
