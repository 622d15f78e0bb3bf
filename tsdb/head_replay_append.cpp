// Appending while the log is replayed: the log takes what comes, and is read to its end before
// memory counts as whole.
#include "core/error.h"
#include "core/histogram_check.h"
#include "tsdb/head_commit.h"

namespace hearth::tsdb {
namespace {

// One batch on its way into the log. What a series has is not known yet: only what does not depend on
// that is judged. One thread.
class LogOnly {
 public:
  LogOnly(HeadState& state, const Batch& batch)
      : state_(state), batch_(batch), guard_(state.epoch.enter()) {}

  AppendResult run();

 private:
  bool find(SeriesRef ref);
  bool takes(TimeMs t, uint32_t position, bool histogram);
  void floats();
  void histograms();
  std::string judge_metadata();
  bool has_metadata(const Batch::SeriesMetadata& of);
  std::string exemplars();

  HeadState& state_;
  const Batch& batch_;
  const Epoch::Guard guard_;
  AppendResult result_;
  std::vector<SeriesRef> unlogged_;
  SamplesRecord samples_;
  HistogramsRecord histograms_;
  std::vector<const Batch::SeriesMetadata*> metadata_;
};

// False for a ref that has died.
bool LogOnly::find(SeriesRef ref) {
  Series* const series = state_.table.find(ref);
  if (series == nullptr) return false;
  ByteLockGuard lock(series->lock);
  const Found found = look_at(*series);
  if (found == Found::kNotLogged) unlogged_.push_back(ref);
  return found != Found::kUnknown;
}

bool LogOnly::takes(TimeMs t, uint32_t position, bool histogram) {
  if (is_head_time(t) && t >= state_.min_valid_time.load(std::memory_order_relaxed)) return true;
  result_.refused.push_back({position, histogram, Refusal::kOutOfBounds});
  ++result_.out_of_bounds;
  return false;
}

void LogOnly::floats() {
  samples_.reserve(batch_.size());
  for (uint32_t i = 0; i < batch_.size(); ++i) {
    if (!find(batch_.refs[i])) {
      result_.unknown.push_back(i);
    } else if (takes(batch_.times[i], i, false)) {
      samples_.add(state_.log_ref(batch_.refs[i]), batch_.times[i], batch_.values[i]);
      ++result_.stored;
    }
  }
}

void LogOnly::histograms() {
  for (uint32_t i = 0; i < batch_.histograms.size(); ++i) {
    const auto& [ref, t, histogram] = batch_.histograms[i];
    if (const std::string fault = histogram_fault(histogram); !fault.empty())
      throw Error(ErrorKind::kBadData, fault);
    if (!find(ref)) {
      result_.unknown_histograms.push_back(i);
    } else if (takes(t, i, true)) {
      histograms_.add(state_.log_ref(ref), t, histogram);
      ++result_.stored_histograms;
    }
  }
}

// The one thing that memory knows already, and that the second walk leaves alone.
std::string LogOnly::judge_metadata() {
  MetadataRecord record;
  for (const Batch::SeriesMetadata& of : batch_.metadata) {
    if (has_metadata(of) || !find(of.ref)) continue;
    record.add(state_.log_ref(of.ref), of.metadata);
    metadata_.push_back(&of);
  }
  return record.take();
}

bool LogOnly::has_metadata(const Batch::SeriesMetadata& of) {
  Series* const series = state_.table.find(of.ref);
  if (series == nullptr) return false;
  ByteLockGuard lock(series->lock);
  return state_.has_metadata(*series, of.metadata);
}

std::string LogOnly::exemplars() {
  ExemplarsRecord record;
  for (const Batch::SeriesExemplar& of : batch_.exemplars) {
    if (!state_.exemplars.on() || !find(of.ref)) continue;
    record.add(state_.log_ref(of.ref), of.exemplar);
    ++result_.stored_exemplars;
  }
  return record.take();
}

AppendResult LogOnly::run() {
  floats();
  histograms();
  if (!result_.unknown.empty() || !result_.unknown_histograms.empty()) {
    AppendResult only_unknown;
    only_unknown.unknown = std::move(result_.unknown);
    only_unknown.unknown_histograms = std::move(result_.unknown_histograms);
    return only_unknown;
  }
  if (batch_.all_or_nothing && !result_.refused.empty()) {
    result_.stored = result_.stored_histograms = 0;
    return std::move(result_);
  }
  // In the order of an ordinary commit.
  std::vector<std::string> records;
  records.push_back(judge_metadata());
  records.push_back(samples_.take());
  if (!histograms_.empty()) {
    for (std::string& record : histograms_.take()) records.push_back(std::move(record));
  }
  records.push_back(exemplars());
  const std::vector<std::string_view> views(records.begin(), records.end());
  state_.log(std::move(unlogged_), views);
  for (const Batch::SeriesMetadata* of : metadata_) state_.set_metadata(of->ref, of->metadata);
  state_.metrics.samples_appended.add(static_cast<double>(result_.stored));
  state_.metrics.histograms_appended.add(static_cast<double>(result_.stored_histograms));
  return std::move(result_);
}

// Goes through the gate: to the log alone while it is replayed, then to `inner`.
class GatedAppender final : public Appender {
 public:
  GatedAppender(HeadState& state, std::unique_ptr<Appender> inner)
      : state_(state), inner_(std::move(inner)) {}

  SeriesRef intern(LabelsView labels, SeriesSource* source) override {
    const ReplayGate::Visit visit(state_.gate);
    return inner_->intern(labels, source);
  }
  AppendResult append(const Batch& batch) override {
    if (batch.empty()) return {};
    const ReplayGate::Visit visit(state_.gate);
    return visit.log_only() ? LogOnly(state_, batch).run() : inner_->append(batch);
  }
  void drop_dead(std::span<SeriesRef> refs) override { inner_->drop_dead(refs); }

 private:
  HeadState& state_;
  const std::unique_ptr<Appender> inner_;
};

}  // namespace

std::unique_ptr<Appender> make_gated_appender(HeadState& state) {
  return std::make_unique<GatedAppender>(state, make_head_appender(state));
}

}  // namespace hearth::tsdb
