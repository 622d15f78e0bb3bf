#include "tsdb/wal_record_histogram.h"

#include <algorithm>
#include <limits>

#include "core/histogram_math.h"

namespace hearth::tsdb {
namespace {

constexpr int32_t kCoarsestSchema = -9;
constexpr int32_t kFinestSchema = 8;
constexpr int32_t kFinestReservedSchema = 52;

// Counts of integer histograms; what no integer can say becomes the nearest one.
uint64_t to_count(double x) {
  if (!(x > 0)) return 0;
  constexpr double kEnd = 18446744073709551616.0;  // 2^64
  return x < kEnd ? static_cast<uint64_t>(x) : std::numeric_limits<uint64_t>::max();
}
int64_t to_bucket(double x) {
  if (!(x > 0)) return 0;
  constexpr double kEnd = 9223372036854775808.0;  // 2^63
  return x < kEnd ? static_cast<int64_t>(x) : std::numeric_limits<int64_t>::max();
}

void put_double(ByteWriter& writer, double x) { writer.be64(std::bit_cast<uint64_t>(x)); }
double get_double(ByteReader& reader) { return std::bit_cast<double>(reader.be64()); }

void put_spans(ByteWriter& writer, const std::vector<HistogramSpan>& spans) {
  writer.uvarint(spans.size());
  for (const HistogramSpan& span : spans) {
    writer.varint(span.offset);
    writer.uvarint(span.length);
  }
}

void put_doubles(ByteWriter& writer, const std::vector<double>& values) {
  writer.uvarint(values.size());
  for (const double value : values) put_double(writer, value);
}

// Each as the difference to the one before.
void put_deltas(ByteWriter& writer, const std::vector<double>& buckets) {
  writer.uvarint(buckets.size());
  int64_t before = 0;
  for (const double bucket : buckets) {
    const int64_t count = to_bucket(bucket);
    writer.varint(count - before);
    before = count;
  }
}

void put_histogram(ByteWriter& writer, const FloatHistogram& h) {
  writer.u8(static_cast<uint8_t>(h.counter_reset_hint));
  writer.varint(h.schema);
  put_double(writer, h.zero_threshold);
  if (h.integer) {
    writer.uvarint(to_count(h.zero_count));
    writer.uvarint(to_count(h.count));
  } else {
    put_double(writer, h.zero_count);
    put_double(writer, h.count);
  }
  put_double(writer, h.sum);
  put_spans(writer, h.positive_spans);
  put_spans(writer, h.negative_spans);
  const auto put_buckets = h.integer ? put_deltas : put_doubles;
  put_buckets(writer, h.positive_buckets);
  put_buckets(writer, h.negative_buckets);
  if (h.schema == kCustomBucketsSchema) put_doubles(writer, h.custom_values);
}

// How many elements of at least `least_bytes` follow; a claim that the record cannot keep fails.
size_t get_length(ByteReader& reader, size_t least_bytes) {
  const uint64_t length = reader.uvarint();
  if (length <= reader.left() / least_bytes) return static_cast<size_t>(length);
  reader.fail();
  return 0;
}

void get_spans(ByteReader& reader, std::vector<HistogramSpan>& spans) {
  spans.resize(get_length(reader, 2));
  for (HistogramSpan& span : spans) {
    span.offset = static_cast<int32_t>(reader.varint());
    span.length = static_cast<uint32_t>(reader.uvarint());
  }
}

void get_doubles(ByteReader& reader, std::vector<double>& values) {
  values.resize(get_length(reader, 8));
  for (double& value : values) value = get_double(reader);
}

void get_deltas(ByteReader& reader, std::vector<double>& buckets) {
  buckets.resize(get_length(reader, 1));
  uint64_t count = 0;
  for (double& bucket : buckets) {
    count += static_cast<uint64_t>(reader.varint());
    bucket = static_cast<double>(static_cast<int64_t>(count));
  }
}

// Requires: h.integer says what is read.
void get_histogram(ByteReader& reader, FloatHistogram& h) {
  const uint8_t hint = reader.u8();
  h.counter_reset_hint = hint <= static_cast<uint8_t>(CounterResetHint::kGauge)
                             ? CounterResetHint{hint}
                             : CounterResetHint::kUnknown;
  h.schema = static_cast<int32_t>(reader.varint());
  h.zero_threshold = get_double(reader);
  h.zero_count = h.integer ? static_cast<double>(reader.uvarint()) : get_double(reader);
  h.count = h.integer ? static_cast<double>(reader.uvarint()) : get_double(reader);
  h.sum = get_double(reader);
  get_spans(reader, h.positive_spans);
  get_spans(reader, h.negative_spans);
  const auto get_buckets = h.integer ? get_deltas : get_doubles;
  get_buckets(reader, h.positive_buckets);
  get_buckets(reader, h.negative_buckets);
  h.custom_values.clear();
  if (h.schema == kCustomBucketsSchema) get_doubles(reader, h.custom_values);
}

// Spans go upwards, lie between `first` and `last`, and name each of `buckets` once.
bool fit(const std::vector<HistogramSpan>& spans, size_t buckets, int64_t first, int64_t last) {
  int64_t end = 0;
  uint64_t named = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) return false;
    end += spans[i].offset;
    if (spans[i].length > 0 && end < first) return false;
    end += spans[i].length;
    named += spans[i].length;
    if (end > last) return false;
  }
  return named == buckets;
}

// Whether others can rely on the histogram's layout.
bool is_sound(const FloatHistogram& h) {
  if (h.schema == kCustomBucketsSchema) {
    return h.negative_spans.empty() && h.negative_buckets.empty() &&
           fit(h.positive_spans, h.positive_buckets.size(), 0,
               static_cast<int64_t>(h.custom_values.size()) + 1) &&
           std::is_sorted(h.custom_values.begin(), h.custom_values.end());
  }
  // One less than what 32 bits hold, for those who count on.
  constexpr int64_t kFirst = int64_t{std::numeric_limits<int32_t>::min()} + 1;
  constexpr int64_t kLast = int64_t{std::numeric_limits<int32_t>::max()} - 1;
  return h.schema >= kCoarsestSchema && h.schema <= kFinestReservedSchema &&
         fit(h.positive_spans, h.positive_buckets.size(), kFirst, kLast) &&
         fit(h.negative_spans, h.negative_buckets.size(), kFirst, kLast);
}

bool holds_integers(RecordType type) {
  return type == RecordType::kHistograms || type == RecordType::kCustomBucketHistograms ||
         type == RecordType::kHistogramsV2;
}

EntryForm form_of(RecordType type) {
  return type == RecordType::kHistogramsV2 || type == RecordType::kFloatHistogramsV2
             ? EntryForm::kStarted
             : EntryForm::kPlain;
}

}  // namespace

void write_histogram(ByteWriter& writer, const FloatHistogram& histogram) {
  put_histogram(writer, histogram);
}

bool read_histogram(ByteReader& reader, FloatHistogram& histogram) {
  get_histogram(reader, histogram);
  return is_sound(histogram);
}

bool holds_histograms(RecordType type) {
  switch (type) {
    case RecordType::kHistograms:
    case RecordType::kFloatHistograms:
    case RecordType::kCustomBucketHistograms:
    case RecordType::kCustomBucketFloatHistograms:
    case RecordType::kHistogramsV2:
    case RecordType::kFloatHistogramsV2:
      return true;
    default:
      return false;
  }
}

// In the order of Prometheus' records of one commit.
HistogramsRecord::HistogramsRecord(EntryForm form)
    : form_(form),
      parts_{{{RecordType::kHistograms, EntryHeads(form), {}},
              {RecordType::kCustomBucketHistograms, EntryHeads(form), {}},
              {RecordType::kFloatHistograms, EntryHeads(form), {}},
              {RecordType::kCustomBucketFloatHistograms, EntryHeads(form), {}}}} {
  if (form == EntryForm::kStarted) {
    parts_[0].type = RecordType::kHistogramsV2;
    parts_[2].type = RecordType::kFloatHistogramsV2;
  }
}

void HistogramsRecord::add(uint64_t ref, TimeMs t, const FloatHistogram& histogram, TimeMs start) {
  const bool custom = form_ == EntryForm::kPlain && histogram.schema == kCustomBucketsSchema;
  Part& part = parts_[(histogram.integer ? 0u : 2u) + (custom ? 1u : 0u)];
  ByteWriter writer(part.bytes);
  if (part.bytes.empty()) writer.u8(static_cast<uint8_t>(part.type));
  part.heads.write(writer, {ref, t, start});
  put_histogram(writer, histogram);
}

bool HistogramsRecord::empty() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.bytes.empty(); });
}

std::vector<std::string> HistogramsRecord::take() {
  std::vector<std::string> records;
  for (Part& part : parts_) {
    if (!part.bytes.empty()) records.push_back(std::exchange(part.bytes, {}));
    part.heads = EntryHeads(form_);
  }
  return records;
}

size_t read_histograms(
    std::string_view record,
    const std::function<void(uint64_t, TimeMs, FloatHistogram&, TimeMs)>& visit) {
  const RecordType type = record_type(record);
  ByteReader reader(record.substr(1));
  EntryHeads heads(form_of(type));
  heads.read_base(reader);
  FloatHistogram histogram;
  histogram.integer = holds_integers(type);
  size_t left_out = 0;
  while (!reader.at_end()) {
    const EntryHead head = heads.read(reader);
    get_histogram(reader, histogram);
    if (reader.failed()) break;
    if (!is_sound(histogram)) {
      ++left_out;
      continue;
    }
    if (histogram.schema > kFinestSchema) reduce_resolution(histogram, kFinestSchema);
    visit(head.ref, head.t, histogram, head.start);
  }
  if (reader.failed()) fail_record("histograms");
  return left_out;
}

}  // namespace hearth::tsdb
