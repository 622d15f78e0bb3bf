// One target whose bodies are read one after another, for tests: what comes out, as text.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/go_text.h"
#include "core/histogram_buckets.h"
#include "scraper/series_reader.h"

namespace hearth {

// Gives refs out and remembers whose they are. One thread.
class NamingAppender final : public Appender {
 public:
  using Appender::intern;
  SeriesRef intern(LabelsView labels, SeriesSource*) override {
    ++interned_;
    const auto [it, is_new] = refs_.try_emplace(Labels(labels), static_cast<SeriesRef>(refs_.size() + 1));
    if (is_new) names_.push_back(metric_text(labels));
    return it->second;
  }
  AppendResult append(const Batch&) override { return {}; }
  const std::string& name(SeriesRef ref) const { return names_.at(ref - 1); }
  size_t interned() const { return interned_; }

 private:
  std::map<Labels, SeriesRef> refs_;
  std::vector<std::string> names_;
  size_t interned_ = 0;
};

// "count sum [schema] (lower,upper]:count ..."; "gauge", "float" and "reset" where it is one.
inline std::string histogram_text(const FloatHistogram& h) {
  std::string text = fmt::format("{} {} [{}]", float_g(h.count), float_g(h.sum), h.schema);
  if (!h.integer) text += " float";
  if (h.counter_reset_hint == CounterResetHint::kGauge) text += " gauge";
  if (h.counter_reset_hint == CounterResetHint::kReset) text += " reset";
  for (const HistogramBucket& b : all_buckets(h)) {
    if (b.count == 0) continue;
    text += fmt::format(" {}{},{}{}:{}", b.lower_inclusive ? '[' : '(', float_g(b.lower), float_g(b.upper),
                        b.upper_inclusive ? ']' : ')', float_g(b.count));
  }
  return text;
}

struct ReadResult {
  std::vector<std::string> samples;  // "name value time", time 0 is the scrape's; in the order of the batch
  std::vector<std::string> histograms, exemplars;
  std::vector<std::string> stale;    // sorted
  ReadCounts counts;
};

// One thread.
class Reading {
 public:
  static constexpr TimeMs kStart = 1'700'000'000'000;

  explicit Reading(ScrapeConfig config = {}, ReadFeatures features = {})
      : config_(std::move(config)), features_(features) {}

  ReadResult read(const std::string& text, ExpositionFormat format = ExpositionFormat::kText) {
    Batch batch;
    std::vector<SeriesRef> stale;
    ReadResult result;
    const TimeMs previous = std::exchange(time_, time_ + 1000);
    const Body body{text};
    const ReadTask task{body,      format,    time_,     time_ + 600'000,           target_.view(),
                        config_,   appender_, cache_,    metadata_,                 source_,
                        features_, histogram_options(config_), previous == kStart ? 0 : previous};
    read_series(task, batch, stale, result.counts);
    const auto time_text = [&](TimeMs t) { return t == time_ ? 0 : t; };
    for (size_t i = 0; i < batch.size(); ++i) {
      result.samples.push_back(fmt::format("{} {} {}", appender_.name(batch.refs[i]), float_g(batch.values[i]),
                                           time_text(batch.times[i])));
    }
    for (const auto& [ref, t, histogram] : batch.histograms) {
      result.histograms.push_back(
          fmt::format("{} {} {}", appender_.name(ref), histogram_text(histogram), time_text(t)));
    }
    for (const auto& [ref, exemplar] : batch.exemplars) {
      result.exemplars.push_back(fmt::format("{} {} {} {}", appender_.name(ref), labels_text(exemplar.labels),
                                             float_g(exemplar.value), time_text(exemplar.t)));
    }
    for (const SeriesRef ref : stale) result.stale.push_back(appender_.name(ref));
    std::sort(result.stale.begin(), result.stale.end());
    return result;
  }
  // What is wrong with a body; "" = nothing.
  std::string fault(const std::string& text, ExpositionFormat format) {
    try {
      read(text, format);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
  LineCache& cache() { return cache_; }
  const MetadataTable& metadata() const { return metadata_; }
  size_t interned() const { return appender_.interned(); }

 private:
  const ScrapeConfig config_;
  const ReadFeatures features_;
  const Labels target_{{"instance", "i"}, {"job", "j"}};
  NamingAppender appender_;
  LineCache cache_;
  MetadataTable metadata_;
  SeriesSource source_{"test"};
  TimeMs time_ = kStart;
};

// Names of series without the labels of the target of Reading.
inline std::vector<std::string> without_target(std::vector<std::string> names) {
  for (std::string& name : names) {
    for (const std::string_view part : {"{instance=\"i\", job=\"j\"}", "instance=\"i\", job=\"j\", ",
                                        ", instance=\"i\", job=\"j\""}) {
      const size_t at = name.find(part);
      if (at != std::string::npos) name.erase(at, part.size());
    }
  }
  return names;
}

}  // namespace hearth
