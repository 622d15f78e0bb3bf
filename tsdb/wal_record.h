// What records of the write-ahead log say (docs/formats/wal.md), in Prometheus' format. Refs in
// files have 64 bits.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/bytes.h"
#include "core/error.h"
#include "core/labels.h"
#include "core/sample.h"
#include "tsdb/wal_record_entry.h"

namespace hearth::tsdb {

// The first byte of a record. Others exist and are left alone.
enum class RecordType : uint8_t {
  kSeries = 1,
  kSamples = 2,
  kTombstones = 3,
  kExemplars = 4,
  kMmapMarkers = 5,
  kMetadata = 6,
  kHistograms = 7,
  kFloatHistograms = 8,
  kCustomBucketHistograms = 9,
  kCustomBucketFloatHistograms = 10,
  kSamplesV2 = 11,  // with start times, as are the next
  kHistogramsV2 = 12,
  kFloatHistogramsV2 = 13
};

// ---- writing: one record into one string -------------------------------------------------------

// One thread.
class SeriesRecord {
 public:
  void add(uint64_t ref, LabelsView labels);
  bool empty() const { return bytes_.empty(); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// One thread.
class SamplesRecord {
 public:
  // Makes room once, so that add() need not.
  void reserve(size_t samples) {
    const size_t room = size_ + kHeadBytes + samples * kMaxSampleBytes;
    if (room <= room_) return;
    room_ = std::max(room, 2 * room_);
    auto bytes = std::make_unique_for_overwrite<char[]>(room_);  // little of it will be touched
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
  }
  // Requires: reserve() was told of so many samples.
  void add(uint64_t ref, TimeMs t, double v) {
    auto* p = reinterpret_cast<uint8_t*>(bytes_.get()) + size_;
    if (size_ == 0) {
      *p++ = static_cast<uint8_t>(RecordType::kSamples);
      p = put_be64(put_be64(p, ref), static_cast<uint64_t>(t));
      first_ref_ = ref;
      first_time_ = static_cast<uint64_t>(t);
    }
    p = put_varint(p, ref - first_ref_);
    p = put_varint(p, static_cast<uint64_t>(t) - first_time_);
    p = put_be64(p, std::bit_cast<uint64_t>(v));
    size_ = static_cast<size_t>(p - reinterpret_cast<uint8_t*>(bytes_.get()));
  }
  bool empty() const { return size_ == 0; }
  std::string_view bytes() const { return {bytes_.get(), size_}; }  // until the next call
  std::string take() { return {bytes_.get(), std::exchange(size_, 0)}; }
  // Its memory stays where it is not much.
  void clear() {
    constexpr size_t kKept = 128 << 10;
    if (room_ > kKept) *this = SamplesRecord();
    size_ = 0;
  }

 private:
  static constexpr size_t kHeadBytes = 1 + 8 + 8;
  static constexpr size_t kMaxSampleBytes = 10 + 10 + 8;
  static uint8_t* put_be64(uint8_t* p, uint64_t x) {
    x = __builtin_bswap64(x);
    std::memcpy(p, &x, sizeof x);
    return p + sizeof x;
  }
  static uint8_t* put_varint(uint8_t* p, uint64_t two_complement) {
    const auto sign = static_cast<uint64_t>(static_cast<int64_t>(two_complement) >> 63);
    uint64_t x = two_complement << 1 ^ sign;
    for (; x >= 0x80; x >>= 7) *p++ = static_cast<uint8_t>(x | 0x80);
    *p++ = static_cast<uint8_t>(x);
    return p;
  }

  std::unique_ptr<char[]> bytes_;
  size_t room_ = 0, size_ = 0;
  uint64_t first_ref_ = 0, first_time_ = 0;
};

// Samples with start times. One thread.
class SamplesV2Record {
 public:
  void add(uint64_t ref, TimeMs t, double v, TimeMs start);
  bool empty() const { return bytes_.empty(); }
  std::string take();

 private:
  std::string bytes_;
  EntryHeads heads_{EntryForm::kStarted};
};

// One thread.
class ExemplarsRecord {
 public:
  void add(uint64_t ref, const Exemplar& exemplar);
  bool empty() const { return bytes_.empty(); }
  std::string take();

 private:
  std::string bytes_;
  EntryHeads heads_{EntryForm::kPlain};
};

// One thread.
class MetadataRecord {
 public:
  void add(uint64_t ref, const Metadata& metadata);
  bool empty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size(); }
  std::string take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

// ---- reading: each calls visit once per entry and throws Error(kCorrupt) for what it cannot read
// --

inline RecordType record_type(std::string_view record) {
  return record.empty() ? RecordType{0} : RecordType{static_cast<uint8_t>(record[0])};
}

// The labels are valid during the call only.
void read_series(std::string_view record,
                 const std::function<void(uint64_t ref, LabelsView)>& visit);
void read_metadata(std::string_view record,
                   const std::function<void(uint64_t ref, const Metadata&)>& visit);

void read_exemplars(std::string_view record,
                    const std::function<void(uint64_t ref, const Exemplar&)>& visit);
// Only in Prometheus' wbl/: the out-of-order samples of a series so far are in the chunks_head files,
// up to the chunk `chunk_ref` (file number << 32 | offset).
void read_mmap_markers(std::string_view record,
                       const std::function<void(uint64_t ref, uint64_t chunk_ref)>& visit);

struct TombstoneEntry {
  uint64_t ref;
  TimeMs min, max;
};
void read_tombstones(std::string_view record,
                     const std::function<void(const TombstoneEntry&)>& visit);
void append_tombstone(std::string& record, const TombstoneEntry& tombstone);

[[noreturn]] void fail_record(std::string_view what);

// Whether read_samples() can read it.
inline bool holds_samples(RecordType type) {
  return type == RecordType::kSamples || type == RecordType::kSamplesV2;
}

// visit(ref, t, v) or visit(ref, t, v, start)
template <class Visit>
void read_samples(std::string_view record, Visit visit) {
  const auto tell = [&visit](uint64_t ref, TimeMs t, uint64_t bits, TimeMs start) {
    if constexpr (std::is_invocable_v<Visit&, uint64_t, TimeMs, double, TimeMs>) {
      visit(ref, t, std::bit_cast<double>(bits), start);
    } else {
      visit(ref, t, std::bit_cast<double>(bits));
    }
  };
  ByteReader reader(record.substr(1));
  const bool started = record_type(record) == RecordType::kSamplesV2;
  EntryHeads heads(started ? EntryForm::kStarted : EntryForm::kPlain);
  heads.read_base(reader);
  while (!reader.at_end()) {
    const EntryHead head = heads.read(reader);
    const uint64_t bits = reader.be64();
    if (reader.failed()) break;
    tell(head.ref, head.t, bits, head.start);
  }
  if (reader.failed()) fail_record("samples");
}

}  // namespace hearth::tsdb
