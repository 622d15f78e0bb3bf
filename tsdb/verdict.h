// What becomes of a sample on its way into the head: Prometheus' rules, as pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "core/clock.h"
#include "core/storage.h"
#include "tsdb/head_chunks.h"

namespace hearth::tsdb {

enum class Verdict : uint8_t {
  kStore,
  kSame,  // the series' newest sample once more: nothing to do, and nothing to complain about
  kDuplicate,
  kOutOfOrder,
  kOutOfBounds,
  kLate,  // to be stored beside the series' chunks
  kTooOld
};

// What holds for all samples of one commit.
struct AppendBounds {
  TimeMs oldest = kMinTime;            // of what goes into the series' chunks
  TimeMs newest = kMinTime;            // in the head
  DurationMs out_of_order_window = 0;  // before `newest`; 0: nothing is stored out of order
};

// A sample at `t` after one at `last_time`; `same`: they are equal, should their times be.
inline Verdict judge(TimeMs last_time, TimeMs t, bool same, const AppendBounds& bounds) {
  if (!is_head_time(t)) return Verdict::kOutOfBounds;
  if (t >= bounds.oldest) {
    if (t > last_time) return Verdict::kStore;
    if (t == last_time) return same ? Verdict::kSame : Verdict::kDuplicate;
  }
  if (bounds.out_of_order_window > 0)
    return bounds.newest - t > bounds.out_of_order_window ? Verdict::kTooOld : Verdict::kLate;
  return t < bounds.oldest ? Verdict::kOutOfBounds : Verdict::kOutOfOrder;
}

// Whether the sample is not in order, stored or not.
inline bool is_behind(Verdict verdict) {
  return verdict != Verdict::kStore && verdict != Verdict::kSame && verdict != Verdict::kDuplicate;
}

inline std::optional<Refusal> refusal(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDuplicate:
      return Refusal::kDuplicate;
    case Verdict::kOutOfOrder:
      return Refusal::kOutOfOrder;
    case Verdict::kOutOfBounds:
      return Refusal::kOutOfBounds;
    case Verdict::kTooOld:
      return Refusal::kTooOld;
    case Verdict::kLate:
    case Verdict::kStore:
    case Verdict::kSame:
      break;
  }
  return std::nullopt;
}

}  // namespace hearth::tsdb
