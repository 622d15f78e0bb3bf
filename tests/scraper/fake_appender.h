// A storage for tests: keeps every sample in memory, by series.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/mutex.h"
#include "core/storage.h"

namespace hearth {

// Thread-safe.
class FakeAppender final : public Appender {
 public:
  using Appender::intern;
  std::function<void()> before_append;  // to be set before the first one
  SeriesRef intern(LabelsView labels, SeriesSource* source) override {
    MutexLock lock(mutex_);
    if (full_ && source != nullptr && refs_.find(Labels(labels)) == refs_.end()) return 0;
    const auto [it, is_new] = refs_.try_emplace(Labels(labels), next_ref_);
    if (is_new) series_[next_ref_++].labels = Labels(labels);
    return it->second;
  }
  AppendResult append(const Batch& batch) override {
    if (before_append) before_append();
    MutexLock lock(mutex_);
    AppendResult result;
    if (broken_) throw Error(ErrorKind::kIo, "the log cannot be written");
    for (uint32_t i = 0; i < batch.size(); ++i) {
      if (series_.find(batch.refs[i]) == series_.end()) result.unknown.push_back(i);
    }
    if (!result.unknown.empty()) return result;
    for (size_t i = 0; i < batch.size(); ++i) {
      Series& series = series_[batch.refs[i]];
      if (!series.samples.empty() && batch.times[i] <= series.samples.back().t) {
        const bool late = batch.times[i] < series.samples.back().t;
        ++(late ? result.out_of_order : result.duplicate);
        result.refused.push_back({static_cast<uint32_t>(i), false, late ? Refusal::kOutOfOrder : Refusal::kDuplicate});
        continue;
      }
      series.samples.push_back({batch.times[i], batch.values[i]});
      ++result.stored;
    }
    exemplars_.insert(exemplars_.end(), batch.exemplars.begin(), batch.exemplars.end());
    for (const auto& [ref, metadata] : batch.metadata) {
      if (series_.find(ref) == series_.end()) continue;
      metadata_.push_back(std::string(series_[ref].labels.metric_name()) + ": " +
                          std::string(metric_type_name(metadata.type)) + "|" + metadata.unit + "|" +
                          metadata.help);
    }
    changed_.notify_all();
    return result;
  }

  // Drops series from the index, as a head that has truncated them.
  void kill_all() {
    MutexLock lock(mutex_);
    refs_.clear();
    series_.clear();
  }
  void break_log(bool broken) {
    MutexLock lock(mutex_);
    broken_ = broken;
  }

  std::vector<Sample> samples(const Labels& labels) const {
    MutexLock lock(mutex_);
    const auto it = refs_.find(labels);
    return it == refs_.end() ? std::vector<Sample>() : series_.at(it->second).samples;
  }
  // All samples at `t`, as "name{...} value" lines in label order; "stale" for markers.
  std::vector<std::string> at(TimeMs t) const {
    MutexLock lock(mutex_);
    std::vector<std::string> lines;
    for (const auto& [labels, ref] : refs_) {
      for (const Sample& sample : series_.at(ref).samples) {
        if (sample.t == t) lines.push_back(metric_text(labels) + " " + value_text(sample.v));
      }
    }
    return lines;
  }
  size_t series() const {
    MutexLock lock(mutex_);
    return refs_.size();
  }
  // Memory is short: new series are refused.
  void set_full(bool full) {
    MutexLock lock(mutex_);
    full_ = full;
  }
  std::vector<Batch::SeriesExemplar> exemplars() const {
    MutexLock lock(mutex_);
    return exemplars_;
  }
  // What came since it was asked last: "name: type|unit|help".
  std::vector<std::string> take_metadata() {
    MutexLock lock(mutex_);
    return std::exchange(metadata_, {});
  }
  // Asks `done` after each append, and now and then; false after ten seconds.
  bool wait_until(const std::function<bool()>& done) {
    for (int i = 0; i < 1000; ++i) {
      if (done()) return true;
      MutexLock lock(mutex_);
      changed_.wait_for(mutex_, std::chrono::milliseconds(10));
    }
    return done();
  }
  // The newest sample of any series with this metric name; NaN where there is none.
  double newest(std::string_view metric) const {
    MutexLock lock(mutex_);
    Sample found{kMinTime, std::nan("")};
    for (const auto& [labels, ref] : refs_) {
      if (labels.metric_name() != metric) continue;
      for (const Sample& sample : series_.at(ref).samples) {
        if (sample.t >= found.t) found = sample;
      }
    }
    return found.v;
  }

 private:
  static std::string value_text(double value) {
    if (is_stale(value)) return "stale";
    std::string text = std::to_string(value);
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
    return text;
  }
  struct Series {
    Labels labels;
    std::vector<Sample> samples;
  };
  mutable Mutex mutex_;
  CondVar changed_;
  std::map<Labels, SeriesRef> refs_ GUARDED_BY(mutex_);
  std::map<SeriesRef, Series> series_ GUARDED_BY(mutex_);
  std::vector<Batch::SeriesExemplar> exemplars_ GUARDED_BY(mutex_);
  std::vector<std::string> metadata_ GUARDED_BY(mutex_);
  SeriesRef next_ref_ GUARDED_BY(mutex_) = 1;
  bool broken_ GUARDED_BY(mutex_) = false;
  bool full_ GUARDED_BY(mutex_) = false;
};

}  // namespace hearth
