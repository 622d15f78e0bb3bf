// A segment of any bytes gives records until it ends or is corrupt; records of any bytes decode or are refused.
#include <string>

#include "core/error.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record_histogram.h"

using namespace hearth;

namespace {

void decode(std::string_view record) {
  using tsdb::RecordType;
  try {
    switch (tsdb::record_type(record)) {
      case RecordType::kSeries: return tsdb::read_series(record, [](uint64_t, LabelsView labels) { (void)labels.size(); });
      case RecordType::kSamples:
      case RecordType::kSamplesV2: return tsdb::read_samples(record, [](uint64_t, TimeMs, double, TimeMs) {});
      case RecordType::kTombstones: return tsdb::read_tombstones(record, [](const tsdb::TombstoneEntry&) {});
      case RecordType::kMetadata: return tsdb::read_metadata(record, [](uint64_t, const Metadata&) {});
      case RecordType::kExemplars: return tsdb::read_exemplars(record, [](uint64_t, const Exemplar&) {});
      case RecordType::kMmapMarkers: return tsdb::read_mmap_markers(record, [](uint64_t, uint64_t) {});
      case RecordType::kHistograms:
      case RecordType::kFloatHistograms:
      case RecordType::kCustomBucketHistograms:
      case RecordType::kCustomBucketFloatHistograms:
      case RecordType::kHistogramsV2:
      case RecordType::kFloatHistogramsV2:
        (void)tsdb::read_histograms(record, [](uint64_t, TimeMs, FloatHistogram&, TimeMs) {});
        return;
    }
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  decode(bytes);
  tsdb::WalReader reader(bytes);
  while (reader.next() == tsdb::WalReader::Outcome::kRecord) decode(reader.record());
  return 0;
}
