// Records of wbl/ (docs/formats/wbl.md): some samples out of order.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/histogram.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_record_histogram.h"

namespace hearth::tsdb {

// One thread.
class LateRecord {
 public:
  // `histogram` may be nullptr: then the sample is v.
  void add(uint64_t log_ref, TimeMs t, double v, const FloatHistogram* histogram) {
    ++size_;
    if (histogram != nullptr) {
      histograms_.add(log_ref, t, *histogram);
    } else {
      samples_.reserve(1);
      samples_.add(log_ref, t, v);
    }
  }
  size_t size() const { return size_; }
  std::vector<std::string> take() {
    std::vector<std::string> records;
    if (!samples_.empty()) records.push_back(samples_.take());
    if (!histograms_.empty()) {
      for (std::string& record : histograms_.take()) records.push_back(std::move(record));
    }
    size_ = 0;
    return records;
  }

 private:
  SamplesRecord samples_;
  HistogramsRecord histograms_;
  size_t size_ = 0;
};

}  // namespace hearth::tsdb
