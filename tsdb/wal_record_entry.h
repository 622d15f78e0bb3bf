// How records of samples, exemplars and histograms give ref and time of their entries: relative to
// the first one (docs/formats/wal.md).
#pragma once

#include <cstdint>

#include "core/bytes.h"
#include "core/clock.h"

namespace hearth::tsdb {

// kPlain: ref and time. kStarted: also a start time; the "V2" forms.
enum class EntryForm { kPlain, kStarted };

struct EntryHead {
  uint64_t ref = 0;
  TimeMs t = 0;
  TimeMs start = 0;  // when the counter began to count; 0: not known
};

// Goes along with the entries of one record, either writing or reading. One thread.
class EntryHeads {
 public:
  explicit EntryHeads(EntryForm form) : form_(form) {}

  void write(ByteWriter& writer, const EntryHead& head) {
    if (form_ == EntryForm::kPlain) {
      if (!begun_) {
        writer.be64(head.ref);
        writer.be64(static_cast<uint64_t>(head.t));
        begin(head);
      }
      writer.varint(minus(head.ref, first_.ref));
      writer.varint(minus(head.t, first_.t));
      return;
    }
    if (!begun_) {
      writer.varint(static_cast<int64_t>(head.ref));
      writer.varint(head.t);
      writer.varint(head.start);
      begin(head);
      return;
    }
    writer.varint(minus(head.ref, before_.ref));
    writer.varint(minus(head.t, first_.t));
    if (head.start == 0) {
      writer.u8(kNoStart);
    } else if (head.start == before_.start) {
      writer.u8(kSameStart);
    } else {
      writer.u8(kOwnStart);
      writer.varint(minus(head.start, first_.start));
    }
    before_ = head;
  }

  // To be called once, ahead of the entries.
  void read_base(ByteReader& reader) {
    if (form_ != EntryForm::kPlain || reader.at_end()) return;
    first_.ref = reader.be64();
    first_.t = static_cast<TimeMs>(reader.be64());
  }
  EntryHead read(ByteReader& reader) {
    EntryHead head;
    if (form_ == EntryForm::kPlain) {
      head.ref = first_.ref + static_cast<uint64_t>(reader.varint());
      head.t = plus(first_.t, reader.varint());
      return head;
    }
    if (!begun_) {
      head.ref = static_cast<uint64_t>(reader.varint());
      head.t = reader.varint();
      head.start = reader.varint();
      begin(head);
      return head;
    }
    head.ref = before_.ref + static_cast<uint64_t>(reader.varint());
    head.t = plus(first_.t, reader.varint());
    const uint8_t how = reader.u8();
    if (how == kSameStart) head.start = before_.start;
    // Prometheus takes any other number for kOwnStart.
    if (how != kNoStart && how != kSameStart) head.start = plus(first_.start, reader.varint());
    before_ = head;
    return head;
  }

 private:
  static constexpr uint8_t kNoStart = 0, kSameStart = 1, kOwnStart = 2;

  // As two's complement does it, for any times.
  template <class T>
  static int64_t minus(T a, T b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
  }
  static TimeMs plus(TimeMs a, int64_t b) {
    return static_cast<TimeMs>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  }
  void begin(const EntryHead& head) {
    first_ = before_ = head;
    begun_ = true;
  }

  EntryForm form_;
  bool begun_ = false;
  EntryHead first_, before_;
};

}  // namespace hearth::tsdb
