// Records of native histograms in the write-ahead log (docs/formats/wal.md).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/histogram.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_record_entry.h"

namespace hearth::tsdb {

// Gathers histograms of any kind. Integer and float histograms, and those with custom buckets, come
// to stand in records of their own. One thread.
class HistogramsRecord {
 public:
  // kStarted keeps start times; a Prometheus that is too old for them (3.5) skips such records.
  explicit HistogramsRecord(EntryForm form = EntryForm::kPlain);

  void add(uint64_t ref, TimeMs t, const FloatHistogram& histogram, TimeMs start = 0);
  bool empty() const;
  std::vector<std::string> take();  // at most four records

 private:
  struct Part {
    RecordType type;
    EntryHeads heads;
    std::string bytes;
  };
  const EntryForm form_;
  std::array<Part, 4> parts_;
};

// Whether `type` is one of the six kinds of histogram records.
bool holds_histograms(RecordType type);

// Calls visit for each histogram of a record of any of these kinds; `histogram` may be moved from.
// Throws Error(kCorrupt) for what it cannot read. Histograms of a schema that does not exist and
// those whose buckets do not fit their spans are left out: it returns how many. Those finer than
// schema 8 arrive with schema 8, as in Prometheus.
size_t read_histograms(std::string_view record,
                       const std::function<void(uint64_t ref, TimeMs t, FloatHistogram& histogram,
                                                TimeMs start)>& visit);

// One histogram as it stands in such records, without ref and time.
void write_histogram(ByteWriter& writer, const FloatHistogram& histogram);
// Requires: histogram.integer says which kind is read. False: its layout is not sound. When the
// reader has failed, what was read means nothing.
bool read_histogram(ByteReader& reader, FloatHistogram& histogram);

}  // namespace hearth::tsdb
