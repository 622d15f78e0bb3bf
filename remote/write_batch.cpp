#include "remote/write_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/error.h"
#include "core/go_text.h"
#include "core/histogram_check.h"
#include "core/log.h"

namespace hearth::remote {
namespace {

constexpr size_t kMaxFaultBytes = 1 << 20;  // of texts in one answer
constexpr std::string_view kTooFarAhead = "out of bounds: timestamp is too far in the future";
constexpr size_t kMaxExemplarLabels = 128;  // characters, all together

size_t count_runes(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// Without those that have no value. Requires: sorted.
void flatten(const std::vector<Label>& labels, std::string& flat) {
  flat.clear();
  for (const Label& label : labels) {
    if (!label.value.empty()) append_flat_label(flat, label.name, label.value);
  }
}

std::string refused_text(const AppendResult::Refused& refused, TimeMs t, double v) {
  std::string text(refusal_text(refused.why));
  if (refused.why != Refusal::kDuplicate || refused.histogram) return text;
  const std::string existing = refused.existing_is_histogram ? "is a histogram" : float_g(refused.existing);
  return fmt::format("{} {}; overrides not allowed: existing {}, new value {}", text, t, existing, float_g(v));
}

// An empty histogram of the same kind, that a counter begins with.
FloatHistogram zero_of(const FloatHistogram& h) {
  FloatHistogram zero;
  zero.integer = h.integer;
  zero.counter_reset_hint = CounterResetHint::kReset;
  zero.schema = h.schema;
  zero.zero_threshold = h.zero_threshold;
  zero.custom_values = h.custom_values;
  return zero;
}

}  // namespace

StoreResult WriteBatch::store(WireRequest& request, const Store& store, TimeMs now) {
  request_ = &request;
  store_ = &store;
  latest_ = now + store.options.max_ahead;
  result_ = {};
  faults_.clear();
  fault_bytes_ = 0;
  sparse_ = false;
  batch_.clear();
  batch_.all_or_nothing = !request.is_v2;
  histogram_series_.clear();
  histogram_origins_.clear();
  exemplar_series_.clear();
  metadata_series_.clear();

  refs_.resize(request.series.size());
  store.cache.find(request.keys, refs_, now);
  check_times();
  find_series();
  fill();
  if (!(batch_.all_or_nothing && !faults_.empty())) append();

  std::sort(faults_.begin(), faults_.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.series, a.kind, a.position) < std::tie(b.series, b.kind, b.position);
  });
  if (!request.is_v2 && faults_.size() > 1) faults_.resize(1);
  for (Fault& fault : faults_) result_.faults.push_back(std::move(fault.text));
  return std::move(result_);
}

// ---- the series --------------------------------------------------------------------------------

void WriteBatch::find_series() {
  new_keys_.clear();
  new_refs_.clear();
  const auto count = static_cast<uint32_t>(refs_.size());
  for (uint32_t i = 0; i < count; ++i) {
    if (refs_[i] == 0) {
      intern(i);
    } else if (request_->is_v2 && !has_values(request_->series[i])) {
      intern(i);
    }
  }
  if (!new_keys_.empty()) store_->cache.insert(new_keys_, new_refs_);
}

// The slow way to a ref, for series that the cache does not know.
void WriteBatch::intern(uint32_t index) {
  const WireSeries& series = request_->series[index];
  refs_[index] = 0;
  const LabelsFault fault = read_labels(*request_, series, labels_);
  if (fault.kind != LabelsFault::Kind::kNone) return add_fault_of_labels(index, fault);
  if (!has_values(series)) {
    if (!request_->is_v2) return;
    return add_fault(index, kLabels, 0,
                     "TimeSeries must contain at least one sample or histogram for series " +
                         series_text(index));
  }
  flatten(labels_, flat_);
  refs_[index] = store_->appender.intern(LabelsView(flat_), &store_->source);
  if (refs_[index] == 0) {
    ++result_.refused_series;
    return;
  }
  new_keys_.push_back(request_->keys[index]);
  new_refs_.push_back(refs_[index]);
}

std::string WriteBatch::series_text(uint32_t index) {
  std::vector<Label> labels;
  (void)read_labels(*request_, request_->series[index], labels);
  std::string flat;
  for (const Label& label : labels) append_flat_label(flat, label.name, label.value);
  return labels_text(LabelsView(flat));
}

uint32_t WriteBatch::series_of_sample(uint32_t sample) const {
  if (sparse_) return sample_series_[sample];
  const auto& all = request_->series;
  const auto after = std::partition_point(all.begin(), all.end(), [&](const WireSeries& series) {
    return series.samples.end <= sample;
  });
  return static_cast<uint32_t>(after - all.begin());
}

// ---- faults ------------------------------------------------------------------------------------

void WriteBatch::add_fault(uint32_t series, uint32_t kind, uint32_t position, std::string text) {
  if (fault_bytes_ > kMaxFaultBytes) {
    ++result_.more_faults;
    return;
  }
  fault_bytes_ += text.size();
  faults_.push_back({series, kind, position, std::move(text)});
}

void WriteBatch::add_fault_of_labels(uint32_t index, const LabelsFault& fault) {
  const WireSeries& series = request_->series[index];
  ++result_.invalid_series;
  result_.invalid_samples += series.samples.size() + series.histograms.size();
  if (!request_->is_v2) {
    if (result_.invalid_series == 1) {
      log_warn("Invalid labels in a remote write request", "series", series_text(index));
    }
    return;
  }
  if (fault_bytes_ > kMaxFaultBytes) return add_fault(index, kLabels, 0, "");
  const auto refs = [&] {
    return fmt::format("parsing labels for series [{}]: ", fmt::join(label_refs(*request_, series), " "));
  };
  switch (fault.kind) {
    case LabelsFault::Kind::kOddRefs:
      return add_fault(index, kLabels, 0,
                       refs() + fmt::format("invalid labelRefs length {}", series.labels.size()));
    case LabelsFault::Kind::kUnknownSymbol:
      return add_fault(index, kLabels, 0,
                       refs() + fmt::format("labelRefs {} (name) = {} (value) outside of symbols table (size {})",
                                            fault.name_ref, fault.value_ref, request_->symbols.size()));
    case LabelsFault::Kind::kDuplicate:
      return add_fault(index, kLabels, 0,
                       fmt::format("invalid labels for series, labels {}, duplicated label {}",
                                   series_text(index), fault.duplicate));
    case LabelsFault::Kind::kInvalid:
    case LabelsFault::Kind::kNone: break;
  }
  add_fault(index, kLabels, 0, "invalid metric name or labels, got " + series_text(index));
}

// ---- the batch ---------------------------------------------------------------------------------

void WriteBatch::check_times() {
  TimeMs newest = kMinTime;
  for (const TimeMs t : request_->times) newest = std::max(newest, t);
  sparse_ = newest > latest_;
}

void WriteBatch::fill() {
  const bool zeros = store_->options.zero_ingestion && request_->is_v2;
  const auto count = static_cast<uint32_t>(refs_.size());
  bool rare = false;
  for (uint32_t i = 0; i < count; ++i) {
    const WireSeries& series = request_->series[i];
    sparse_ |= refs_[i] == 0 && !series.samples.empty();
    sparse_ |= zeros && series.created != 0 && !series.samples.empty();
    rare |= !series.histograms.empty() || !series.exemplars.empty() || series.has_metadata;
  }
  sparse_ |= zeros && !request_->starts.empty();
  sparse_ ? fill_sparse() : fill_samples();
  if (!rare) return;
  for (uint32_t i = 0; i < count; ++i) {
    if (refs_[i] == 0) continue;
    fill_histograms(i);
    fill_exemplars(i);
    fill_metadata(i);
  }
}

// Nearly always: the request's samples are the batch's.
void WriteBatch::fill_samples() {
  batch_.times.swap(request_->times);
  batch_.values.swap(request_->values);
  batch_.refs.resize(batch_.times.size());
  SeriesRef* const refs = batch_.refs.data();
  for (size_t i = 0; i < refs_.size(); ++i) {
    const WireSeries::Range range = request_->series[i].samples;
    for (uint32_t at = range.begin; at < range.end; ++at) refs[at] = refs_[i];
  }
}

void WriteBatch::fill_sparse() {
  origins_.clear();
  sample_series_.clear();
  const bool zeros = store_->options.zero_ingestion && request_->is_v2;
  const auto push = [&](uint32_t series, uint32_t origin, TimeMs t, double v) {
    batch_.push(refs_[series], t, v);
    origins_.push_back(origin);
    sample_series_.push_back(series);
  };
  for (uint32_t i = 0; i < refs_.size(); ++i) {
    if (refs_[i] == 0) continue;
    const WireSeries& series = request_->series[i];
    TimeMs zero_before = kMinTime;  // one for each beginning, however many samples have it
    for (uint32_t at = series.samples.begin; at < series.samples.end; ++at) {
      const TimeMs t = request_->times[at];
      const TimeMs start = request_->starts.empty() || request_->starts[at] == 0 ? series.created
                                                                                 : request_->starts[at];
      if (t > latest_) {
        add_fault(i, kSample, at,
                  std::string(kTooFarAhead) +
                      (request_->is_v2 ? " for series " + series_text(i) : std::string()));
        continue;
      }
      if (zeros && start != 0 && t != 0 && start < t && start > zero_before) {
        push(i, kZero, start, 0);
        zero_before = start;
      }
      push(i, at, t, request_->values[at]);
    }
  }
}

void WriteBatch::fill_histograms(uint32_t index) {
  const WireSeries& series = request_->series[index];
  const bool zeros = store_->options.zero_ingestion && request_->is_v2;
  const auto fault = [&](uint32_t at, std::string text) {
    if (request_->is_v2) text += " for series " + series_text(index);
    add_fault(index, kHistogram, at, std::move(text));
  };
  const auto push = [&](uint32_t origin, TimeMs t, FloatHistogram histogram) {
    batch_.histograms.push_back({refs_[index], t, std::move(histogram)});
    histogram_series_.push_back(index);
    histogram_origins_.push_back(origin);
  };
  for (uint32_t at = series.histograms.begin; at < series.histograms.end; ++at) {
    WireHistogram& wire = request_->histograms[at];
    if (wire.t > latest_) {
      fault(at, std::string(kTooFarAhead));
    } else if (std::string text = histogram_fault(wire.histogram); !text.empty()) {
      fault(at, std::move(text));
    } else {
      const TimeMs start = wire.start != 0 ? wire.start : series.created;
      if (zeros && start != 0 && wire.t != 0 && start < wire.t) push(kZero, start, zero_of(wire.histogram));
      push(at, wire.t, std::move(wire.histogram));
    }
  }
}

void WriteBatch::fill_exemplars(uint32_t index) {
  const WireSeries& series = request_->series[index];
  for (uint32_t at = series.exemplars.begin; at < series.exemplars.end; ++at) {
    const WireExemplar& wire = request_->exemplars[at];
    const LabelsFault fault = read_labels(*request_, wire, labels_);
    if (fault.kind != LabelsFault::Kind::kNone) {
      const std::string what =
          fault.kind == LabelsFault::Kind::kOddRefs
              ? fmt::format("invalid labelRefs length {}", wire.label_refs.size())
              : fmt::format("labelRefs {} (name) = {} (value) outside of symbols table (size {})",
                            fault.name_ref, fault.value_ref, request_->symbols.size());
      add_fault(index, kExemplar, at,
                fmt::format("parsing exemplar for series {}: {}", series_text(index), what));
      continue;
    }
    size_t runes = 0;
    for (const Label& label : labels_) runes += count_runes(label.name) + count_runes(label.value);
    if (runes > kMaxExemplarLabels || wire.t > latest_) {
      log_debug("Exemplar from remote write dropped", "series", series_text(index), "timestamp", wire.t);
      continue;
    }
    flatten(labels_, flat_);
    Exemplar exemplar;
    exemplar.labels = Labels::from_flat(flat_);
    exemplar.value = wire.value;
    exemplar.t = wire.t;
    exemplar.has_time = wire.t != 0;
    batch_.exemplars.push_back({refs_[index], std::move(exemplar)});
    exemplar_series_.push_back(index);
  }
}

void WriteBatch::fill_metadata(uint32_t index) {
  const WireSeries& series = request_->series[index];
  if (!store_->options.keep_metadata || !series.has_metadata) return;
  const auto symbol = [&](uint32_t ref) {
    return ref < request_->symbols.size() ? std::string(request_->symbols[ref]) : std::string();
  };
  batch_.metadata.push_back(
      {refs_[index], {series.type, symbol(series.unit_ref), symbol(series.help_ref)}});
  metadata_series_.push_back(index);
}

// ---- the storage -------------------------------------------------------------------------------

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
    if (request_->is_v2 && fault_bytes_ <= kMaxFaultBytes) text += " for series " + series_text(series);
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
