#include "remote/write_batch.h"

#include <algorithm>
#include <tuple>

namespace hearth::remote {

StoreResult WriteBatch::store(WireRequest& request, const Store& store, TimeMs now) {
  request_ = &request;
  store_ = &store;
  latest_ = now + store.options.max_ahead;
  clear();
  batch_.all_or_nothing = !request.is_v2;

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

void WriteBatch::clear() {
  result_ = {};
  faults_.clear();
  fault_bytes_ = 0;
  sparse_ = false;
  batch_.clear();
  histogram_series_.clear();
  histogram_origins_.clear();
  exemplar_series_.clear();
  metadata_series_.clear();
}

size_t WriteBatch::bytes() const {
  return capacity_bytes(faults_) + capacity_bytes(refs_) + capacity_bytes(new_keys_) +
         capacity_bytes(new_refs_) + capacity_bytes(sample_series_) + capacity_bytes(origins_) +
         capacity_bytes(histogram_series_) + capacity_bytes(histogram_origins_) +
         capacity_bytes(exemplar_series_) + capacity_bytes(metadata_series_) +
         capacity_bytes(batch_.refs) + capacity_bytes(batch_.times) +
         capacity_bytes(batch_.values) + capacity_bytes(batch_.histograms) +
         capacity_bytes(batch_.metadata) + capacity_bytes(batch_.exemplars) +
         capacity_bytes(labels_) + flat_.capacity();
}

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

}  // namespace hearth::remote
