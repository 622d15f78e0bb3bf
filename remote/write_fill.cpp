// From a request to a batch.
#include <fmt/format.h>

#include <algorithm>

#include "core/histogram_check.h"
#include "core/histogram_math.h"
#include "core/log.h"
#include "remote/write_batch.h"

namespace hearth::remote {
namespace {

constexpr std::string_view kTooFarAhead = "out of bounds: timestamp is too far in the future";
constexpr size_t kMaxExemplarLabels = 128;  // characters, all together

size_t count_runes(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

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
      if (zeros && start != 0 && wire.t != 0 && start < wire.t) push(kZero, start, zero_like(wire.histogram));
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

}  // namespace hearth::remote
