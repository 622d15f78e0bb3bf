// A storage for tests of the way in: keeps what it is given, by series, and judges as the head does.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/storage.h"

namespace hearth::remote {

// One thread.
class FakeStore final : public Appender {
 public:
  struct Series {
    Labels labels;
    std::vector<Sample> samples;
    std::vector<Batch::SeriesHistogram> histograms;
    std::vector<Exemplar> exemplars;
    std::vector<Metadata> metadata;
    TimeMs newest() const {
      const TimeMs sample = samples.empty() ? kMinTime : samples.back().t;
      return std::max(sample, histograms.empty() ? kMinTime : histograms.back().t);
    }
  };

  using Appender::intern;
  SeriesRef intern(LabelsView labels, SeriesSource*) override {
    ++interned;
    const std::string text = labels_text(labels);
    if (const auto found = refs_.find(text); found != refs_.end()) return found->second;
    if (full) return 0;
    series_[++newest_].labels = Labels(labels);
    return refs_[text] = newest_;
  }

  AppendResult append(const Batch& batch) override {
    ++appended;
    if (broken) throw Error(ErrorKind::kIo, "the log cannot be written");
    AppendResult result;
    for (uint32_t i = 0; i < batch.size(); ++i) {
      if (series_.count(batch.refs[i]) == 0) result.unknown.push_back(i);
    }
    for (uint32_t i = 0; i < batch.histograms.size(); ++i) {
      if (series_.count(batch.histograms[i].ref) == 0) result.unknown_histograms.push_back(i);
    }
    if (!result.unknown.empty() || !result.unknown_histograms.empty()) return result;
    std::vector<bool> refused(batch.size());
    for (uint32_t i = 0; i < batch.size(); ++i) {
      refused[i] = judge(batch, i, false, result);
    }
    for (uint32_t i = 0; i < batch.histograms.size(); ++i) {
      if (batch.histograms[i].t <= series_[batch.histograms[i].ref].newest()) {
        result.refused.push_back({i, true, Refusal::kOutOfOrder});
      }
    }
    if (batch.all_or_nothing && !result.refused.empty()) return result;
    for (uint32_t i = 0; i < batch.size(); ++i) {
      if (refused[i] || judge(batch, i, true, result)) continue;
      series_[batch.refs[i]].samples.push_back({batch.times[i], batch.values[i]});
      ++result.stored;
    }
    for (const auto& h : batch.histograms) {
      if (h.t > series_[h.ref].newest()) series_[h.ref].histograms.push_back(h);
    }
    for (const auto& e : batch.exemplars) series_[e.ref].exemplars.push_back(e.exemplar);
    for (const auto& m : batch.metadata) series_[m.ref].metadata.push_back(m.metadata);
    return result;
  }

  // Series die as they do when the head is cut.
  void kill_all() {
    series_.clear();
    refs_.clear();
  }
  Series of(const std::string& text) const {
    const auto found = refs_.find(text);
    return found == refs_.end() ? Series{} : series_.at(found->second);
  }
  size_t size() const { return refs_.size(); }

  bool broken = false, full = false;
  size_t interned = 0, appended = 0;

 private:
  bool judge(const Batch& batch, uint32_t i, bool late, AppendResult& result) {
    const TimeMs newest = series_[batch.refs[i]].newest();
    if (batch.times[i] > newest) return false;
    const Refusal why = batch.times[i] == newest ? Refusal::kDuplicate : Refusal::kOutOfOrder;
    const bool duplicate = why == Refusal::kDuplicate && !series_[batch.refs[i]].samples.empty();
    const double existing = duplicate ? series_[batch.refs[i]].samples.back().v : 0;
    result.refused.push_back({i, false, why, late, existing});
    return true;
  }

  std::map<std::string, SeriesRef> refs_;
  std::map<SeriesRef, Series> series_;
  SeriesRef newest_ = 0;
};

}  // namespace hearth::remote
