// Pushes floats to a batch faster than the batch itself.
#pragma once

#include "core/storage.h"

namespace hearth {

// Pushes to the columns without checking three capacities. The batch has its size again when the writer is
// gone. One thread.
class BatchWriter {
 public:
  BatchWriter(Batch& batch, size_t expected) : batch_(batch), size_(batch.size()) {
    resize(size_ + expected);
  }
  ~BatchWriter() { resize(size_); }
  BatchWriter(const BatchWriter&) = delete;
  BatchWriter& operator=(const BatchWriter&) = delete;

  void push(SeriesRef ref, TimeMs t, double v) {
    if (size_ == capacity_) resize(2 * capacity_ + 64);
    refs_[size_] = ref;
    times_[size_] = t;
    values_[size_] = v;
    ++size_;
  }

  // Puts the floats of `other` before all that were pushed.
  void prepend(const Batch& other) {
    const size_t all = size_ + other.size();
    resize(size_);
    batch_.refs.insert(batch_.refs.begin(), other.refs.begin(), other.refs.end());
    batch_.times.insert(batch_.times.begin(), other.times.begin(), other.times.end());
    batch_.values.insert(batch_.values.begin(), other.values.begin(), other.values.end());
    resize(size_ = all);
  }

 private:
  void resize(size_t size) {
    batch_.refs.resize(size);
    batch_.times.resize(size);
    batch_.values.resize(size);
    refs_ = batch_.refs.data();
    times_ = batch_.times.data();
    values_ = batch_.values.data();
    capacity_ = size;
  }
  Batch& batch_;
  SeriesRef* refs_ = nullptr;
  TimeMs* times_ = nullptr;
  double* values_ = nullptr;
  size_t size_;
  size_t capacity_ = 0;
};

}  // namespace hearth
