#include "tsdb/wal_record.h"

#include <algorithm>

namespace hearth::tsdb {
namespace {

void begin(std::string& record, RecordType type) {
  if (record.empty()) record.push_back(static_cast<char>(type));
}

void put_labels(ByteWriter& writer, LabelsView labels) {
  writer.uvarint(labels.size());
  for (const Label& label : labels) {
    writer.uvarint_string(label.name);
    writer.uvarint_string(label.value);
  }
}

// In any order.
Labels get_unsorted_labels(ByteReader& reader) {
  const uint64_t count = reader.uvarint();
  std::vector<std::pair<std::string, std::string>> pairs;
  for (uint64_t i = 0; i < count && !reader.failed(); ++i) {
    std::string name(reader.uvarint_string());
    std::string value(reader.uvarint_string());
    if (std::max(name.size(), value.size()) > kLongestLabelText) reader.fail();
    pairs.emplace_back(std::move(name), std::move(value));
  }
  return reader.failed() ? Labels() : Labels::from_pairs(std::move(pairs));
}

// All writers sort them, so that almost always they go straight into the flat form.
Labels get_labels(ByteReader& reader) {
  const ByteReader start = reader;
  const uint64_t count = reader.uvarint();
  std::string flat;
  std::string_view before;
  for (uint64_t i = 0; i < count && !reader.failed(); ++i) {
    const std::string_view name = reader.uvarint_string();
    const std::string_view value = reader.uvarint_string();
    const bool in_order = i == 0 || name > before;
    if (!in_order || value.empty() || std::max(name.size(), value.size()) > kLongestLabelText) {
      reader = start;
      return get_unsorted_labels(reader);
    }
    append_flat_label(flat, name, value);
    before = name;
  }
  return Labels::from_flat(std::move(flat));
}

}  // namespace

void fail_record(std::string_view what) {
  throw Error(ErrorKind::kCorrupt, "decode " + std::string(what) + ": invalid size");
}

void SeriesRecord::add(uint64_t ref, LabelsView labels) {
  begin(bytes_, RecordType::kSeries);
  ByteWriter writer(bytes_);
  writer.be64(ref);
  put_labels(writer, labels);
}

void SamplesV2Record::add(uint64_t ref, TimeMs t, double v, TimeMs start) {
  begin(bytes_, RecordType::kSamplesV2);
  ByteWriter writer(bytes_);
  heads_.write(writer, {ref, t, start});
  writer.be64(std::bit_cast<uint64_t>(v));
}

std::string SamplesV2Record::take() {
  heads_ = EntryHeads(EntryForm::kStarted);
  return std::exchange(bytes_, {});
}

void ExemplarsRecord::add(uint64_t ref, const Exemplar& exemplar) {
  begin(bytes_, RecordType::kExemplars);
  ByteWriter writer(bytes_);
  heads_.write(writer, {ref, exemplar.t});
  writer.be64(std::bit_cast<uint64_t>(exemplar.value));
  put_labels(writer, exemplar.labels);
}

std::string ExemplarsRecord::take() {
  heads_ = EntryHeads(EntryForm::kPlain);
  return std::exchange(bytes_, {});
}

void MetadataRecord::add(uint64_t ref, const Metadata& metadata) {
  begin(bytes_, RecordType::kMetadata);
  ByteWriter writer(bytes_);
  writer.uvarint(ref);
  writer.u8(static_cast<uint8_t>(metadata.type));
  writer.uvarint(2);
  writer.uvarint_string("UNIT");
  writer.uvarint_string(metadata.unit);
  writer.uvarint_string("HELP");
  writer.uvarint_string(metadata.help);
}

void read_series(std::string_view record, const std::function<void(uint64_t, LabelsView)>& visit) {
  ByteReader reader(record.substr(1));
  while (!reader.at_end()) {
    const uint64_t ref = reader.be64();
    const Labels labels = get_labels(reader);
    if (reader.failed()) break;
    visit(ref, labels);
  }
  if (reader.failed()) fail_record("series");
}

void read_exemplars(std::string_view record,
                    const std::function<void(uint64_t, const Exemplar&)>& visit) {
  ByteReader reader(record.substr(1));
  EntryHeads heads(EntryForm::kPlain);
  heads.read_base(reader);
  while (!reader.at_end()) {
    const EntryHead head = heads.read(reader);
    Exemplar exemplar;
    exemplar.t = head.t;
    exemplar.has_time = true;
    exemplar.value = std::bit_cast<double>(reader.be64());
    exemplar.labels = get_labels(reader);
    if (reader.failed()) break;
    visit(head.ref, exemplar);
  }
  if (reader.failed()) fail_record("exemplars");
}

void read_mmap_markers(std::string_view record,
                       const std::function<void(uint64_t, uint64_t)>& visit) {
  ByteReader reader(record.substr(1));
  while (!reader.at_end()) {
    const uint64_t ref = reader.be64();
    const uint64_t chunk_ref = reader.be64();
    if (reader.failed()) break;
    visit(ref, chunk_ref);
  }
  if (reader.failed()) fail_record("mmap markers");
}

void read_metadata(std::string_view record,
                   const std::function<void(uint64_t, const Metadata&)>& visit) {
  ByteReader reader(record.substr(1));
  while (!reader.at_end()) {
    const uint64_t ref = reader.uvarint();
    Metadata metadata;
    const uint8_t type = reader.u8();
    if (type <= static_cast<uint8_t>(MetricType::kStateSet)) metadata.type = MetricType{type};
    const uint64_t fields = reader.uvarint();
    for (uint64_t i = 0; i < fields && !reader.failed(); ++i) {
      const std::string_view name = reader.uvarint_string();
      const std::string_view value = reader.uvarint_string();
      if (name == "UNIT") metadata.unit = value;
      if (name == "HELP") metadata.help = value;
    }
    if (reader.failed()) break;
    visit(ref, metadata);
  }
  if (reader.failed()) fail_record("metadata");
}

void read_tombstones(std::string_view record,
                     const std::function<void(const TombstoneEntry&)>& visit) {
  ByteReader reader(record.substr(1));
  while (!reader.at_end()) {
    const TombstoneEntry tombstone{reader.be64(), reader.varint(), reader.varint()};
    if (reader.failed()) break;
    visit(tombstone);
  }
  if (reader.failed()) fail_record("tombstones");
}

void append_tombstone(std::string& record, const TombstoneEntry& tombstone) {
  begin(record, RecordType::kTombstones);
  ByteWriter writer(record);
  writer.be64(tombstone.ref);
  writer.varint(tombstone.min);
  writer.varint(tombstone.max);
}

}  // namespace hearth::tsdb
