#include "scraper/sample_sink.h"

#include "core/error.h"
#include "core/hash.h"
#include "core/histogram_math.h"

namespace hearth {
namespace {

LineScratch& scratch() {
  thread_local LineScratch lines;
  return lines;
}

}  // namespace

SampleSink::SampleSink(const ReadTask& read_task, Batch& batch, ReadCounts& counts)
    : task(read_task),
      config(read_task.config),
      walk(read_task.lines, scratch(), process_seed()),
      news(read_task.metadata),
      batch_(batch),
      counts_(counts),
      samples_(batch, read_task.lines.entries().size() + 16) {
  if (config.series_limit > 0) known_series_ = task.lines.count_series();
}

// Whether series_limit leaves room for a series that the last body did not have.
bool SampleSink::may_be_new() {
  if (config.series_limit == 0 || ++known_series_ <= config.series_limit) return true;
  ++counts_.over_series_limit;
  return false;
}

bool SampleSink::wants_zero(const TakenSample& sample, TimeMs created) const {
  if (sample.ref == 0 || created <= 0 || created >= sample.t) return false;
  return sample.is_new || created > task.previous_time;
}

void SampleSink::zero(const TakenSample& sample, TimeMs created) {
  if (wants_zero(sample, created)) zeros_.push(sample.ref, created, 0);
}

void SampleSink::zero(const TakenSample& sample, TimeMs created, const FloatHistogram& like) {
  if (wants_zero(sample, created)) zeros_.histograms.push_back({sample.ref, created, zero_like(like)});
}

void SampleSink::comment(bool is_new, EntryKind kind, std::string_view family, MetricType type,
                         std::string_view text) {
  if (task.features.tell_metadata) {
    news.tell(kind, family, type, text);
  } else if (is_new) {
    task.metadata.set(kind, family, type, text);
  }
}

void SampleSink::tell_metadata(SeriesRef ref, std::string_view metric) {
  if (std::optional<Metadata> known = news.of(metric)) {
    batch_.metadata.push_back({ref, std::move(*known)});
  }
}

// They stand before all samples, so that those of one series stand in time order.
void SampleSink::insert_zeros() {
  counts_.zeros = zeros_.size();
  counts_.zero_histograms = zeros_.histograms.size();
  samples_.prepend(zeros_);
  batch_.histograms.insert(batch_.histograms.begin(), std::make_move_iterator(zeros_.histograms.begin()),
                           std::make_move_iterator(zeros_.histograms.end()));
}

void SampleSink::check_limits() const {
  if (counts_.sample_limit_exceeded) throw Error(ErrorKind::kBadData, "sample limit exceeded");
  if (counts_.bucket_limit_exceeded) throw Error(ErrorKind::kBadData, "histogram bucket limit exceeded");
}

void SampleSink::finish(std::vector<SeriesRef>& stale) {
  walk.finish([&](SeriesRef ref) { stale.push_back(ref); });
  if (!zeros_.empty()) insert_zeros();
}

void SampleSink::give_up(std::vector<SeriesRef>& stale) {
  counts_.lines_forgotten = !walk.give_up([&](SeriesRef ref) { stale.push_back(ref); });
}

}  // namespace hearth
