// The batch into the storage, and what came of it.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/go_text.h"
#include "remote/write_batch.h"

namespace hearth::remote {
namespace {

std::string refused_text(const AppendResult::Refused& refused, TimeMs t, double v) {
  std::string text(refusal_text(refused.why));
  if (refused.why != Refusal::kDuplicate || refused.histogram) return text;
  const std::string existing = refused.existing_is_histogram ? "is a histogram" : float_g(refused.existing);
  return fmt::format("{} {}; overrides not allowed: existing {}, new value {}", text, t, existing, float_g(v));
}

}  // namespace

uint32_t WriteBatch::series_of_sample(uint32_t sample) const {
  if (sparse_) return sample_series_[sample];
  const auto& all = request_->series;
  const auto after = std::partition_point(all.begin(), all.end(), [&](const WireSeries& series) {
    return series.samples.end <= sample;
  });
  return static_cast<uint32_t>(after - all.begin());
}

void WriteBatch::append() {
  if (batch_.empty()) return;
  constexpr int kTries = 3;  // refs die seldom; twice in one request only by chance
  for (int i = 0; i < kTries; ++i) {
    const AppendResult result = store_->appender.append(batch_);
    if (result.unknown.empty() && result.unknown_histograms.empty()) return judge(result);
    revive(result);
  }
  throw Error(ErrorKind::kInternal, "series of a remote write request vanish while it is stored; send it again");
}

// Finds the series again whose refs have died.
void WriteBatch::revive(const AppendResult& result) {
  std::vector<uint32_t> dead;
  for (const uint32_t at : result.unknown) dead.push_back(series_of_sample(at));
  for (const uint32_t at : result.unknown_histograms) dead.push_back(histogram_series_[at]);
  std::sort(dead.begin(), dead.end());
  dead.erase(std::unique(dead.begin(), dead.end()), dead.end());
  new_keys_.clear();
  new_refs_.clear();
  bool all = true;
  for (const uint32_t series : dead) {
    intern(series);
    all = all && refs_[series] != 0;
  }
  store_->cache.insert(new_keys_, new_refs_);
  if (!all) drop_series();
  for (uint32_t i = 0; i < batch_.size(); ++i) batch_.refs[i] = refs_[series_of_sample(i)];
  const auto renew = [&](auto& entries, const std::vector<uint32_t>& series) {
    for (size_t i = 0; i < entries.size(); ++i) entries[i].ref = refs_[series[i]];
  };
  renew(batch_.histograms, histogram_series_);
  renew(batch_.exemplars, exemplar_series_);
  renew(batch_.metadata, metadata_series_);
}

// Takes out what belongs to series that have no ref.
void WriteBatch::drop_series() {
  if (!sparse_) {
    origins_.clear();
    sample_series_.clear();
    for (uint32_t i = 0; i < batch_.size(); ++i) {
      sample_series_.push_back(series_of_sample(i));
      origins_.push_back(i);
    }
    sparse_ = true;
  }
  const auto keep = [&](const std::vector<uint32_t>& series, auto& list) {
    size_t kept = 0;
    for (size_t i = 0; i < series.size(); ++i) {
      if (refs_[series[i]] != 0) list[kept++] = std::move(list[i]);
    }
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(kept), list.end());
  };
  const std::vector<uint32_t> samples = sample_series_, histograms = histogram_series_,
                              exemplars = exemplar_series_, metadata = metadata_series_;
  keep(samples, batch_.refs);
  keep(samples, batch_.times);
  keep(samples, batch_.values);
  keep(samples, origins_);
  keep(samples, sample_series_);
  keep(histograms, batch_.histograms);
  keep(histograms, histogram_origins_);
  keep(histograms, histogram_series_);
  keep(exemplars, batch_.exemplars);
  keep(exemplars, exemplar_series_);
  keep(metadata, batch_.metadata);
  keep(metadata, metadata_series_);
}

// Tells what the storage refused. What stands in disorder within a request is left out silently, as
// Prometheus does.
void WriteBatch::judge(const AppendResult& result) {
  const auto zeros = [](const std::vector<uint32_t>& origins) {
    return static_cast<size_t>(std::count(origins.begin(), origins.end(), kZero));
  };
  result_.samples = batch_.size() - (sparse_ ? zeros(origins_) : 0);
  result_.histograms = batch_.histograms.size() - zeros(histogram_origins_);
  result_.exemplars = batch_.exemplars.size();
  for (const AppendResult::Refused& refused : result.refused) {
    const uint32_t at = refused.position;
    const uint32_t origin = refused.histogram ? histogram_origins_[at] : sparse_ ? origins_[at] : at;
    if (refused.late || origin == kZero) continue;
    const uint32_t series = refused.histogram ? histogram_series_[at] : series_of_sample(at);
    std::string text = refused.histogram ? refused_text(refused, 0, 0)
                                         : refused_text(refused, batch_.times[at], batch_.values[at]);
    if (request_->is_v2) text += " for series " + series_text(series);
    add_fault(series, refused.histogram ? kHistogram : kSample, origin, std::move(text));
    --(refused.histogram ? result_.histograms : result_.samples);
  }
  if (!request_->is_v2) return;  // there nobody is told of exemplars
  for (const uint32_t at : result.exemplars_out_of_order) {
    const uint32_t series = exemplar_series_[at];
    add_fault(series, kExemplar, at, "out of order exemplar for series " + series_text(series));
    --result_.exemplars;
  }
}

}  // namespace hearth::remote
