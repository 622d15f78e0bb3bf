// A record of the write-ahead log of any bytes is refused, or its entries come back from a record that is
// written from them.
#include <string>

#include "core/compress.h"
#include "core/error.h"
#include "tsdb/wal_repair.h"
#include "tsdb/wal_record_histogram.h"
#include "tsdb/wal_samples_snappy.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

void require_readable(const std::string& record) { check_record(record.empty() ? "\x01" : record); }

void rewrite(std::string_view record) {
  check_record(record);
  const RecordType type = record_type(record);
  if (holds_histograms(type)) {
    const bool started = type == RecordType::kHistogramsV2 || type == RecordType::kFloatHistogramsV2;
    HistogramsRecord written(started ? EntryForm::kStarted : EntryForm::kPlain);
    size_t entries = 0;
    read_histograms(record, [&](uint64_t ref, TimeMs t, FloatHistogram& h, TimeMs start) {
      written.add(ref, t, h, start);
      ++entries;
    });
    for (const std::string& part : written.take()) {
      const size_t left_out = read_histograms(part, [&](uint64_t, TimeMs, FloatHistogram&, TimeMs) { --entries; });
      if (left_out != 0) __builtin_trap();
    }
    if (entries != 0) __builtin_trap();
  } else if (type == RecordType::kSeries) {
    SeriesRecord written;
    read_series(record, [&](uint64_t ref, LabelsView labels) { written.add(ref, labels); });
    require_readable(written.take());
  } else if (type == RecordType::kExemplars) {
    ExemplarsRecord written;
    read_exemplars(record, [&](uint64_t ref, const Exemplar& exemplar) { written.add(ref, exemplar); });
    require_readable(written.take());
  } else if (type == RecordType::kMetadata) {
    MetadataRecord written;
    read_metadata(record, [&](uint64_t ref, const Metadata& metadata) { written.add(ref, metadata); });
    require_readable(written.take());
  } else if (type == RecordType::kSamplesV2) {
    SamplesV2Record written;
    TimeMs sum = 0;
    const auto add = [&sum](uint64_t ref, TimeMs t, TimeMs start) {
      sum = static_cast<TimeMs>(static_cast<uint64_t>(sum) * 31 + ref + static_cast<uint64_t>(t) * 7 + static_cast<uint64_t>(start));
    };
    read_samples(record, [&](uint64_t ref, TimeMs t, double v, TimeMs start) {
      add(ref, t, start);
      written.add(ref, t, v, start);
    });
    const TimeMs wanted = std::exchange(sum, 0);
    if (written.empty()) return;
    read_samples(written.take(), [&](uint64_t ref, TimeMs t, double, TimeMs start) { add(ref, t, start); });
    if (sum != wanted) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string compressed, again;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  snappy_compress_samples(bytes, compressed);
  snappy_uncompress(compressed, again, size);
  if (again != bytes) __builtin_trap();
  try {
    rewrite({reinterpret_cast<const char*>(data), size});
  } catch (const Error&) {
  }
  return 0;
}
